import { redirect } from '@sveltejs/kit';
import { landingPage } from '#lib/guard.ts';
import { session } from '#lib/session.svelte.ts';

export const load = ({ url }: { url: URL }) =>
	redirect(307, landingPage(session.config.homePageUrl, url.origin, session.visitor));
