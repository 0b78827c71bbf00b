import { error } from '@sveltejs/kit';
import { session } from '#lib/session.svelte.ts';

export const load = () => {
	if (!session.setupRequired) error(404, 'Not found');
};
