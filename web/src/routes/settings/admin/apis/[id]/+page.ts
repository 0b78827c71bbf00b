import { apis } from '#lib/api/apis.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params }) => ({ api: await apis.seen(params.id) });
