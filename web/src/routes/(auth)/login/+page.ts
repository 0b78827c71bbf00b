import { redirect } from '@sveltejs/kit';
import { session } from '#lib/session.svelte.ts';

export const load = () => {
	// Nobody can sign in before the first administrator exists.
	if (session.setupRequired) redirect(307, '/signup/setup');
};
