import { users } from '#lib/api/users.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ params }) => ({ user: await users.seen(params.id) });
