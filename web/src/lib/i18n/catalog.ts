/**
 * The message catalogue in use. English is always at hand (it is the fallback); any other language
 * is one chunk, loaded once before the first render. Changing the language reloads the page.
 */
import * as en from '#lib/paraglide/messages/en.js';
import type { Locale } from '#lib/paraglide/runtime.js';

type Catalog = typeof en;

let current: Catalog = en;

const loaders: Record<Exclude<Locale, 'en'>, () => Promise<unknown>> = {
	de: () => import('#lib/paraglide/messages/de.js'),
	es: () => import('#lib/paraglide/messages/es.js'),
	fr: () => import('#lib/paraglide/messages/fr.js'),
	nl: () => import('#lib/paraglide/messages/nl.js')
};

export function messages(): Catalog {
	return current;
}

export async function loadMessages(locale: Locale): Promise<void> {
	current = locale === 'en' ? en : ((await loaders[locale]()) as Catalog);
}
