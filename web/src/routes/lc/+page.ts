import { redirect } from '@sveltejs/kit';

/** The short address people are told to type their code at. */
export const load = ({ url }: { url: URL }) =>
	redirect(307, `/login/alternative/code${url.search}`);
