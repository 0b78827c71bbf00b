/* A virtual authenticator in the browser: what a fingerprint reader is to a person. */
import type { CDPSession, Page } from '@playwright/test';

export interface Credential {
	credentialId: string;
	isResidentCredential: boolean;
	rpId?: string;
	privateKey: string;
	userHandle?: string;
	signCount: number;
}

export class Authenticator {
	private constructor(
		private readonly session: CDPSession,
		private readonly id: string
	) {}

	/** Plugs an authenticator into the page's browser tab. */
	static async plugInto(page: Page): Promise<Authenticator> {
		const session = await page.context().newCDPSession(page);
		await session.send('WebAuthn.enable');
		const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
			options: {
				protocol: 'ctap2',
				ctap2Version: 'ctap2_1',
				transport: 'internal',
				hasResidentKey: true,
				hasUserVerification: true,
				isUserVerified: true,
				automaticPresenceSimulation: true
			}
		});
		return new Authenticator(session, authenticatorId);
	}

	async credentials(): Promise<Credential[]> {
		const answer = await this.session.send('WebAuthn.getCredentials', { authenticatorId: this.id });
		return answer.credentials as Credential[];
	}

	/**
	 * Moves a credential of another authenticator here. Its counter goes on rising wherever it was used before: the server
	 * refuses one that does not.
	 */
	async add(credential: Credential): Promise<void> {
		const signCount = Math.floor((Date.now() - Date.UTC(2026, 0, 1)) / 100);
		await this.copy({ ...credential, signCount });
	}

	/** Puts a credential here as it was, counter included: what a thief does. */
	async copy(credential: Credential): Promise<void> {
		await this.session.send('WebAuthn.addCredential', { authenticatorId: this.id, credential });
	}

	async clear(): Promise<void> {
		await this.session.send('WebAuthn.clearCredentials', { authenticatorId: this.id });
	}

	/** Whether the person passes the fingerprint or PIN check from now on. */
	async setUserVerified(isUserVerified: boolean): Promise<void> {
		await this.session.send('WebAuthn.setUserVerified', { authenticatorId: this.id, isUserVerified });
	}
}
