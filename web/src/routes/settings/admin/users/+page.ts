import { configuration } from '#lib/api/configuration.ts';
import type { PageLoad } from './$types';

/** Without an answer the list still shows; an address nobody vouches for is not verified. */
export const load: PageLoad = async () => ({
	verifiedByDefault: await configuration.emailsVerified().catch(() => false)
});
