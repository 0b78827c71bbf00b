import type { ConfigEntry } from '#lib/api/types.ts';

export const SIGNUP_MODES = ['disabled', 'withToken', 'open'] as const;
export type SignupMode = (typeof SIGNUP_MODES)[number];

export interface AppConfig {
	appName: string;
	homePageUrl: string;
	accentColor: string;
	disableAnimations: boolean;
	allowOwnAccountEdit: boolean;
	allowOwnLoginCodes: boolean;
	allowRecoveryCodes: boolean;
	emailOneTimeAccessAsUnauthenticatedEnabled: boolean;
	emailOneTimeAccessAsAdminEnabled: boolean;
	emailVerificationEnabled: boolean;
	allowUserSignups: SignupMode;
	requireUserEmail: boolean;
	ldapEnabled: boolean;
	uiConfigDisabled: boolean;
	/** The name passkeys are bound to. */
	passkeyRpId: string;
}

/** The public configuration travels as strings. */
export function parseConfig(entries: ConfigEntry[]): AppConfig {
	const values = new Map(entries.map((entry) => [entry.key, entry.value]));
	const text = (key: string, fallback: string) => values.get(key) || fallback;
	const flag = (key: string, fallback: boolean) =>
		values.has(key) ? values.get(key) === 'true' : fallback;
	return {
		appName: text('appName', 'Pocket ID'),
		homePageUrl: text('homePageUrl', '/settings/account'),
		accentColor: text('accentColor', 'default'),
		disableAnimations: flag('disableAnimations', false),
		allowOwnAccountEdit: flag('allowOwnAccountEdit', true),
		allowOwnLoginCodes: flag('allowOwnLoginCodes', true),
		allowRecoveryCodes: flag('allowRecoveryCodes', false),
		emailOneTimeAccessAsUnauthenticatedEnabled: flag(
			'emailOneTimeAccessAsUnauthenticatedEnabled',
			false
		),
		emailOneTimeAccessAsAdminEnabled: flag('emailOneTimeAccessAsAdminEnabled', false),
		emailVerificationEnabled: flag('emailVerificationEnabled', false),
		allowUserSignups:
			SIGNUP_MODES.find((mode) => mode === values.get('allowUserSignups')) ?? 'disabled',
		requireUserEmail: flag('requireUserEmail', true),
		ldapEnabled: flag('ldapEnabled', false),
		uiConfigDisabled: flag('uiConfigDisabled', false),
		passkeyRpId: text('passkeyRpId', '')
	};
}
