import { configuration } from '#lib/api/configuration.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async () => ({ state: await configuration.all() });
