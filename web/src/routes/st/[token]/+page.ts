import { redirect } from '@sveltejs/kit';
import type { PageLoad } from './$types';

/** The address of an invitation. */
export const load: PageLoad = ({ params, url }) => {
	const query = new URLSearchParams({ token: params.token });
	const target = url.searchParams.get('redirect');
	if (target !== null) query.set('redirect', target);
	redirect(307, `/signup?${query}`);
};
