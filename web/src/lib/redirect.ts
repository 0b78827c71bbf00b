/**
 * A `redirect` query parameter is written by whoever made the link. It is followed only when it is a
 * path of this very site; `//host` and `/\host` are read as another host by browsers.
 */
export function safeRedirect(target: string | null | undefined, origin: string): string | null {
	if (!target || !target.startsWith('/')) return null;
	if (target[1] === '/' || target[1] === '\\') return null;
	let url: URL;
	try {
		url = new URL(target, origin);
	} catch {
		return null;
	}
	// URL parsing drops tabs and newlines, so "/\t/host" is only caught after it; and what remains of "/.//host" when
	// the dots are gone names another host once more.
	if (url.origin !== origin || url.pathname.startsWith('//')) return null;
	return url.pathname + url.search + url.hash;
}
