import { goto } from '$app/navigation';
import { match } from '$app/paths';
import { navigating } from '$app/state';

/**
 * To another address of this site. Pages of the UI start at their top with the focus at their start
 * (`goto` alone keeps both); everything else, `/authorize` for one, is the server's.
 */
export async function navigate(target: string): Promise<void> {
	const url = new URL(target, location.href);
	if (await match(url)) await goto(url, { reset: true });
	else location.assign(url);
}

/**
 * Puts what a page shows by itself into the address. Somebody who is on the way to another page meanwhile stays on it:
 * the later change of address would win.
 */
export function rememberInAddress(url: URL): void {
	if (url.href === location.href) return;
	if (navigating.to !== null && !navigating.shallow) return;
	void goto(url, { shallow: true, replace: true });
}
