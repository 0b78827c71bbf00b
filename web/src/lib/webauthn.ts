import {
	browserSupportsWebAuthn,
	browserSupportsWebAuthnAutofill,
	startAuthentication,
	startRegistration,
	WebAuthnAbortService
} from '@simplewebauthn/browser';
import { ApiError } from '#lib/api/error.ts';
import { passkeys } from '#lib/api/passkeys.ts';
import type { Passkey, User } from '#lib/api/types.ts';
import { signalUnknownPasskey } from '#lib/passkey-signals.ts';

/** How long a sign-in waits in the autofill before it gets a new challenge; the server forgets it after five minutes. */
const RENEW_AFTER = 270_000;

/** The sign-in waiting in the autofill, if there is one. */
let waiting: { stop: () => Promise<void> } | null = null;

function requireSupport(): void {
	if (!browserSupportsWebAuthn()) {
		throw new DOMException('This browser has no passkeys', 'NotSupportedError');
	}
}

async function assertion() {
	requireSupport();
	// Both ceremonies use one challenge cookie: the one that waits has to be out of the way first.
	await waiting?.stop();
	const optionsJSON = await passkeys.signInOptions();
	return { rpId: optionsJSON.rpId, response: await startAuthentication({ optionsJSON }) };
}

type Answer = Awaited<ReturnType<typeof assertion>>;

async function finishSignIn({ rpId, response }: Answer): Promise<User> {
	try {
		return await passkeys.signIn(response);
	} catch (error) {
		if (error instanceof ApiError && error.facts.credential === 'unknown' && rpId) {
			signalUnknownPasskey(rpId, response.id);
		}
		throw error;
	}
}

export async function signInWithPasskey(): Promise<User> {
	return finishSignIn(await assertion());
}

export const supportsPasskeyAutofill = browserSupportsWebAuthnAutofill;

/**
 * Lets the browser offer its passkeys in a field with `autocomplete="webauthn"`, until one was picked, another prompt
 * begins, or the returned function is called; then `ended` is.
 */
export function waitForPasskey(
	signedIn: (user: User) => void,
	failed: (error: unknown) => void,
	ended: () => void
): () => void {
	let stopped = false;
	let renewal: ReturnType<typeof setTimeout> | undefined;
	let loading: Promise<unknown> = Promise.resolve();

	async function wait(): Promise<void> {
		const options = passkeys.autofillOptions();
		loading = options.catch(() => undefined);
		let renewing = false;
		try {
			const optionsJSON = await options;
			if (stopped) return;
			renewal = setTimeout(() => {
				renewing = true;
				WebAuthnAbortService.cancelCeremony();
			}, RENEW_AFTER);
			const response = await startAuthentication({ optionsJSON, useBrowserAutofill: true });
			signedIn(await finishSignIn({ rpId: optionsJSON.rpId, response }));
		} catch (error) {
			if (renewing && !stopped) return wait();
			// What is offered without being asked for fails silently, but for what the server says.
			if (!stopped && error instanceof ApiError) failed(error);
		} finally {
			clearTimeout(renewal);
		}
	}

	const mine = {
		async stop() {
			if (stopped) return;
			stopped = true;
			if (waiting === mine) waiting = null;
			clearTimeout(renewal);
			WebAuthnAbortService.cancelCeremony();
			await loading;
		}
	};
	void (async () => {
		await waiting?.stop();
		if (!stopped) {
			waiting = mine;
			await wait();
		}
		if (waiting === mine) waiting = null;
		ended();
	})();
	return () => void mine.stop();
}

export async function registerPasskey(): Promise<Passkey> {
	requireSupport();
	const optionsJSON = await whenProven(passkeys.registrationOptions);
	return passkeys.register(await startRegistration({ optionsJSON }));
}

/** Asks for the passkey of the signed-in user once more. */
export async function reauthenticate(): Promise<void> {
	const { response } = await assertion();
	await passkeys.reauthenticate(response);
}

const needsProof = (error: unknown) =>
	error instanceof ApiError && error.code === 'reauthentication_required';

/** Runs `action`; asks for the passkey first when the sign-in is too long ago for it. */
export async function whenProven<T>(action: () => Promise<T>): Promise<T> {
	try {
		return await action();
	} catch (error) {
		if (!needsProof(error)) throw error;
		await reauthenticate();
		return action();
	}
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
	return whenProven(action);
}
