const PLAIN = /^[a-zA-Z0-9._-]+$/;

/** A client ID as one path segment: IDs that are URLs travel as `~` + unpadded base64url. */
export function encodeClientId(id: string): string {
	if (PLAIN.test(id)) return id;
	const bytes = new TextEncoder().encode(id);
	const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
	return '~' + btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** The reverse; a segment that does not decode is taken verbatim, as the server does. */
export function decodeClientId(segment: string): string {
	if (!segment.startsWith('~')) return segment;
	try {
		const binary = atob(segment.slice(1).replace(/-/g, '+').replace(/_/g, '/'));
		const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		return segment;
	}
}
