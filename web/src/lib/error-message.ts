import { ApiError } from '#lib/api/error.ts';
import { m } from '#lib/paraglide/messages.js';

/** Own words for the codes a visitor may meet; every other error keeps the server's text. */
const BY_CODE: Record<string, () => string> = {
	internal_error: () => m.error_unknown(),
	network: () => m.error_network(),
	request_timeout: () => m.error_try_again(),
	rate_limited: () => m.error_try_again(),
	precondition_failed: () => m.error_try_again(),
	not_signed_in: () => m.error_sign_in_again(),
	reauthentication_required: () => m.error_sign_in_again(),
	invalid_webauthn_session: () => m.error_passkey_expired(),
	missing_session_id: () => m.error_passkey_expired(),
	invalid_webauthn_response: () => m.error_passkey_response(),
	webauthn_authentication_failed: () => m.error_passkey_not_verified(),
	passkey_user_verification_required: () => m.error_passkey_user_verification(),
	synced_passkey_not_allowed: () => m.error_passkey_synced(),
	device_login_expired: () => m.error_device_login_expired(),
	authenticator_not_allowed: () => m.error_authenticator_not_allowed(),
	attestation_required: () => m.error_attestation_required(),
	passkey_not_sufficient: () => m.error_passkey_not_sufficient()
};

/** Passkey prompts fail inside the browser, each with its own advice. */
const BY_CEREMONY: Record<string, () => string> = {
	ERROR_CEREMONY_ABORTED: () => m.passkey_aborted(),
	ERROR_AUTHENTICATOR_GENERAL_ERROR: () => m.passkey_authenticator_error(),
	ERROR_AUTHENTICATOR_MISSING_DISCOVERABLE_CREDENTIAL_SUPPORT: () => m.passkey_no_discoverable(),
	ERROR_AUTHENTICATOR_MISSING_USER_VERIFICATION_SUPPORT: () => m.error_passkey_user_verification(),
	ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED: () => m.passkey_already_registered(),
	ERROR_AUTHENTICATOR_NO_SUPPORTED_PUBKEYCREDPARAMS_ALG: () => m.passkey_no_algorithm(),
	ERROR_INVALID_DOMAIN: () => m.passkey_invalid_domain(),
	ERROR_INVALID_RP_ID: () => m.passkey_invalid_domain()
};

const BY_NAME: Record<string, () => string> = {
	AbortError: () => m.passkey_aborted(),
	NotAllowedError: () => m.passkey_not_allowed(),
	NotSupportedError: () => m.passkey_not_supported()
};

function ceremonyMessage(error: Error): string | null {
	const code = (error as { code?: unknown }).code;
	const text = typeof code === 'string' ? BY_CEREMONY[code] : undefined;
	return (text ?? BY_NAME[error.name])?.() ?? null;
}

export function errorMessage(error: unknown): string {
	if (error instanceof ApiError) {
		return BY_CODE[error.code]?.() || error.message || m.error_unknown();
	}
	if (error instanceof Error) {
		const text = ceremonyMessage(error);
		if (text) return text;
	}
	console.error(error);
	return m.error_unknown();
}

/** Messages that already say what to do next. */
const ADVISES = new Set([
	'network',
	'request_timeout',
	'rate_limited',
	'not_signed_in',
	'reauthentication_required',
	'invalid_webauthn_session',
	'missing_session_id',
	'invalid_webauthn_response',
	'device_login_expired',
	'ERROR_INVALID_DOMAIN',
	'ERROR_INVALID_RP_ID',
	'ERROR_AUTHENTICATOR_GENERAL_ERROR'
]);

/** The failure followed by advice, unless it brings its own. */
export function failureText(error: unknown, advice: (inputs: { error: string }) => string): string {
	const message = errorMessage(error);
	const code = error instanceof Error && 'code' in error ? String(error.code) : '';
	if (ADVISES.has(code)) return message;
	return advice({ error: message.replace(/\.$/, '') });
}
