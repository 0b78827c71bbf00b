import { decodeClientId } from '#lib/api/client-id.ts';
import { clients } from '#lib/api/clients.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params }) => ({
	client: await clients.seen(decodeClientId(params.id))
});
