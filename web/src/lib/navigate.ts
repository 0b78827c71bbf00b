import { goto } from '$app/navigation';
import { match } from '$app/paths';

/**
 * To another address of this site. Pages of the UI start at their top with the focus at their start
 * (`goto` alone keeps both); everything else, `/authorize` for one, is the server's.
 */
export async function navigate(target: string): Promise<void> {
	const url = new URL(target, location.href);
	if (await match(url)) await goto(url, { reset: true });
	else location.assign(url);
}
