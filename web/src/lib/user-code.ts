/** The codes other devices show: what is typed or pasted, brought into the form they were given out in. */

export const CODE_LENGTH = 8;

export function normalizeUserCode(typed: string): string {
	return typed
		.toUpperCase()
		.replace(/[^A-Z0-9]/g, '')
		.replaceAll('I', '1')
		.replaceAll('O', '0')
		.slice(0, CODE_LENGTH);
}

/** Whether a code is one of a browser that waits to be signed in; devices of OIDC clients have others. */
export const isDeviceLoginCode = (code: string): boolean => code.startsWith('P');
