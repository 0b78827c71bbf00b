import {
	cookieName,
	getLocale,
	isLocale,
	locales,
	setLocale,
	type Locale
} from '#lib/paraglide/runtime.js';

/** Every language whose messages are complete, by its own name. */
export const LANGUAGES: { value: Locale; label: string }[] = [
	{ value: 'de', label: 'Deutsch' },
	{ value: 'en', label: 'English' },
	{ value: 'es', label: 'Español' },
	{ value: 'fr', label: 'Français' },
	{ value: 'nl', label: 'Nederlands' }
];

export const currentLocale = (): Locale => getLocale();

/**
 * The stored language of a user wins over the cookie. True when nothing is left to do; false when
 * the cookie changed and the messages of another language have to be loaded.
 */
export function applyUserLocale(stored: string | null): boolean {
	if (stored === null || !isLocale(stored) || stored === getLocale()) return true;
	rememberLocale(stored);
	return false;
}

export function rememberLocale(locale: Locale): void {
	void setLocale(locale, { reload: false });
}

export { cookieName, locales };
