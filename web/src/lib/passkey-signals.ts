import { session } from '#lib/session.svelte.ts';
import type { Passkey, User } from '#lib/api/types.ts';

/**
 * The WebAuthn signal methods tell password managers what the server knows, so that they stop offering passkeys that
 * are gone and show the current names. Browsers without them, and managers that do not care, lose nothing.
 */
interface Signals {
	signalUnknownCredential?(options: { rpId: string; credentialId: string }): Promise<void>;
	signalAllAcceptedCredentials?(options: {
		rpId: string;
		userId: string;
		allAcceptedCredentialIds: string[];
	}): Promise<void>;
	signalCurrentUserDetails?(options: {
		rpId: string;
		userId: string;
		name: string;
		displayName: string;
	}): Promise<void>;
}

function signals(): Signals {
	return typeof PublicKeyCredential === 'undefined' ? {} : (PublicKeyCredential as Signals);
}

/** Nobody waits for these, and nothing depends on them. */
function sent(call: Promise<void> | undefined): void {
	call?.catch((error: unknown) => console.warn('a passkey signal was not taken', error));
}

/** The user handle passkeys carry: the bytes of the ID's text, base64url. */
export function userHandle(id: string): string {
	return btoa(id).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The server does not know this passkey (any more). */
export function signalUnknownPasskey(rpId: string, credentialId: string): void {
	sent(signals().signalUnknownCredential?.({ rpId, credentialId }));
}

/** What the account has now: its passkeys and its names. */
export function signalAccount(user: User, passkeys: Passkey[]): void {
	const rpId = session.config.passkeyRpId;
	if (rpId === '') return;
	const userId = userHandle(user.id);
	sent(
		signals().signalAllAcceptedCredentials?.({
			rpId,
			userId,
			allAcceptedCredentialIds: passkeys.map((passkey) => passkey.credentialID)
		})
	);
	const fullName = `${user.firstName} ${user.lastName ?? ''}`.trim();
	sent(
		signals().signalCurrentUserDetails?.({
			rpId,
			userId,
			name: user.username,
			displayName: user.displayName.trim() || fullName || user.username
		})
	);
}
