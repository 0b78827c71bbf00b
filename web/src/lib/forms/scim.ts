import type { Versioned } from '#lib/api/client.ts';
import type { ScimServiceProvider } from '#lib/api/types.ts';

/** A stored provider, with the version it was read at. */
export type Stored = ScimServiceProvider & { version: string };

type Shown = Pick<Stored, 'endpoint' | 'token' | 'version'>;

/** Where there is no provider yet. */
export const NOTHING: Shown = { endpoint: '', token: '', version: '' };

export const marked = ({ value, version }: Versioned<ScimServiceProvider>): Versioned<Stored> => ({
	value: { ...value, version },
	version
});

/**
 * The fields of the card. A stored token is answered hidden, and so reads the same whatever it is: the version tells
 * whether it may have become another.
 */
export const storedFields = ({ endpoint, token, version }: Shown) => ({
	endpoint,
	token: { text: token, version }
});

export type ScimFields = ReturnType<typeof storedFields>;

/** The same of what is in the form, which began with what was shown. */
export const typedFields = (
	{ endpoint, token }: { endpoint: string; token: string },
	shown: Shown
): ScimFields => ({
	endpoint,
	token: { text: token, version: token === shown.token ? shown.version : '' }
});
