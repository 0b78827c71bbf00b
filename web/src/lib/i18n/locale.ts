import {
	cookieName,
	getLocale,
	isLocale,
	locales,
	overwriteGetLocale,
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

/** The first of some language tags there are messages in (RFC 4647 §3.4: `de-CH` is answered in German). */
export function firstSpoken(tags: string[]): Locale | undefined {
	return tags.map((tag) => tag.toLowerCase().split('-')[0]).find(isLocale);
}

/** Takes the language a client asks for, for as long as this page is open: nobody chose it for more. */
export function speakAsAsked(tags: string[]): void {
	const spoken = firstSpoken(tags);
	if (spoken !== undefined) overwriteGetLocale(() => spoken);
}

export function rememberLocale(locale: Locale): void {
	void setLocale(locale, { reload: false });
}

export { cookieName, locales };
