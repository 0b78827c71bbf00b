import type { ClientProtocol } from '#lib/api/types.ts';

/** What people type into the protocol settings of a client. `undefined` means it cannot be understood. */

/** What the API takes for a JWK Set: an object whose members are its business. */
type JwkSet = NonNullable<ClientProtocol['jwks']>;

/** A JWK Set; null for an empty field. */
export function parseJwks(text: string): JwkSet | null | undefined {
	if (text.trim() === '') return null;
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null && !Array.isArray(value)
			? (value as JwkSet)
			: undefined;
	} catch {
		return undefined;
	}
}

/** A number of seconds; null for an empty field. */
export function parseSeconds(text: string): number | null | undefined {
	const trimmed = text.trim();
	if (trimmed === '') return null;
	return /^\d{1,9}$/.test(trimmed) ? Number(trimmed) : undefined;
}
