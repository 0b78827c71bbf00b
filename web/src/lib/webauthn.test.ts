import { beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from '#lib/api/error.ts';
import { withFreshProof } from './webauthn.ts';

const { startAuthentication, api } = vi.hoisted(() => ({
	startAuthentication: vi.fn(async () => ({ id: 'credential' })),
	api: {
		signInOptions: vi.fn(async () => ({ rpId: 'id.example', challenge: 'c' })),
		reauthenticate: vi.fn<(response?: unknown) => Promise<void>>(async () => undefined)
	}
}));
vi.mock('@simplewebauthn/browser', () => ({
	browserSupportsWebAuthn: () => true,
	browserSupportsWebAuthnAutofill: async () => false,
	startAuthentication,
	startRegistration: vi.fn(),
	WebAuthnAbortService: { cancelCeremony: vi.fn() }
}));
vi.mock('#lib/api/passkeys.ts', () => ({ passkeys: api }));
vi.mock('#lib/passkey-signals.ts', () => ({ signalUnknownPasskey: vi.fn() }));

const refusal = () =>
	new ApiError({
		message: 'Reauthentication is required',
		status: 401,
		code: 'reauthentication_required'
	});

beforeEach(() => vi.clearAllMocks());

test('a sign-in of just now asks for nothing', async () => {
	const action = vi.fn(async () => 'done');
	await expect(withFreshProof(action)).resolves.toBe('done');
	expect(api.reauthenticate.mock.calls).toEqual([[]]);
	expect(startAuthentication).not.toHaveBeenCalled();
});

test('a proof the server finds too old for its purpose is followed by the passkey, once', async () => {
	const action = vi.fn(async () => 'done').mockRejectedValueOnce(refusal());
	await expect(withFreshProof(action)).resolves.toBe('done');
	expect(startAuthentication).toHaveBeenCalledTimes(1);
	expect(api.reauthenticate.mock.calls).toEqual([[], [{ id: 'credential' }]]);
	expect(action).toHaveBeenCalledTimes(2);
});

test('what the server never takes does not become a loop of prompts', async () => {
	const action = vi.fn(async () => Promise.reject(refusal()));
	await expect(withFreshProof(action)).rejects.toThrow('Reauthentication is required');
	expect(startAuthentication).toHaveBeenCalledTimes(1);
	expect(action).toHaveBeenCalledTimes(2);
});
