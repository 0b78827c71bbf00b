import { redirect } from '@sveltejs/kit';
import type { PageLoad } from './$types';

/** The address of a link or QR code: the code is typed already. */
export const load: PageLoad = ({ params, url }) => {
	const query = new URLSearchParams({ code: params.code });
	const target = url.searchParams.get('redirect');
	if (target !== null) query.set('redirect', target);
	redirect(307, `/login/alternative/code?${query}`);
};
