import {
	browserSupportsWebAuthn,
	startAuthentication,
	startRegistration
} from '@simplewebauthn/browser';
import { passkeys } from '#lib/api/passkeys.ts';
import type { Passkey, User } from '#lib/api/types.ts';

function requireSupport(): void {
	if (!browserSupportsWebAuthn()) {
		throw new DOMException('This browser has no passkeys', 'NotSupportedError');
	}
}

async function assertion() {
	requireSupport();
	const optionsJSON = await passkeys.signInOptions();
	return startAuthentication({ optionsJSON });
}

export async function signInWithPasskey(): Promise<User> {
	return passkeys.signIn(await assertion());
}

export async function registerPasskey(): Promise<Passkey> {
	requireSupport();
	const optionsJSON = await passkeys.registrationOptions();
	return passkeys.register(await startRegistration({ optionsJSON }));
}

/** A sign-in of the last minute counts as fresh; otherwise the passkey is asked for again. */
export async function reauthenticate(): Promise<void> {
	try {
		await passkeys.reauthenticate();
	} catch {
		await passkeys.reauthenticate(await assertion());
	}
}
