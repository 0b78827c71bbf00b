import { redirect } from '@sveltejs/kit';
import { guardRedirect } from '#lib/guard.ts';
import { session } from '#lib/session.svelte.ts';
import type { LayoutLoad } from './$types';

export const ssr = false;
export const prerender = false;

export const load: LayoutLoad = ({ url }) => {
	if (session.broken) return;
	const target = guardRedirect(url.pathname, url.search, session.visitor);
	if (target) redirect(307, target);
};
