import {
	browserSupportsWebAuthn,
	startAuthentication,
	startRegistration
} from '@simplewebauthn/browser';
import { ApiError } from '#lib/api/error.ts';
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

/** Asks for the passkey of the signed-in user once more. */
export async function reauthenticate(): Promise<void> {
	await passkeys.reauthenticate(await assertion());
}

/**
 * Runs `action`, which needs a fresh proof. A sign-in of the last minute may count as one, so the first
 * attempt asks for nothing; when the server does not accept that, the passkey is asked for.
 */
export async function withFreshProof<T>(action: () => Promise<T>): Promise<T> {
	try {
		await passkeys.reauthenticate();
	} catch {
		await reauthenticate();
		return action();
	}
	try {
		return await action();
	} catch (error) {
		if (!(error instanceof ApiError) || error.code !== 'reauthentication_required') throw error;
		await reauthenticate();
		return action();
	}
}
