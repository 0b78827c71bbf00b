import { redirect } from '@sveltejs/kit';
import { safeRedirect } from '#lib/redirect.ts';
import { session } from '#lib/session.svelte.ts';

export const load = ({ url }: { url: URL }) => {
	const home = safeRedirect(session.config.homePageUrl, url.origin);
	redirect(307, home && home !== '/settings' ? home : '/settings/account');
};
