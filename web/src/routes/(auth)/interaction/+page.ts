import { error } from '@sveltejs/kit';
import { interactions } from '#lib/api/interactions.ts';
import { m } from '#lib/paraglide/messages.js';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ url }) => {
	const id = url.searchParams.get('interaction');
	if (!id) error(400, m.missing_interaction());
	return { interaction: await interactions.get(id) };
};
