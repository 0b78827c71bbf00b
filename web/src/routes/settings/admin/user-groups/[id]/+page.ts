import { groups } from '#lib/api/groups.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params }) => ({ group: await groups.seen(params.id) });
