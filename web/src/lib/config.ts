import type { ConfigEntry } from '#lib/api/types.ts';

export interface AppConfig {
	appName: string;
	homePageUrl: string;
	accentColor: string;
	disableAnimations: boolean;
	allowOwnAccountEdit: boolean;
	allowOwnLoginCodes: boolean;
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
		requireUserEmail: flag('requireUserEmail', true),
		ldapEnabled: flag('ldapEnabled', false),
		uiConfigDisabled: flag('uiConfigDisabled', false),
		passkeyRpId: text('passkeyRpId', '')
	};
}
