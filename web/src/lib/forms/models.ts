import { m } from '#lib/paraglide/messages.js';

/* Authenticator models (AAGUIDs) as people type them: one after the other, with commas, blanks or new lines between. */

const AAGUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const parseModels = (text: string): string[] =>
	text
		.split(/[\s,]+/)
		.filter((model) => model !== '')
		.map((model) => model.toLowerCase());

export const modelsText = (models: string[]): string => models.join(', ');

export function modelsRule(text: string): string | undefined {
	return parseModels(text).every((model) => AAGUID.test(model)) ? undefined : m.rule_models();
}

/** The list in a setting of the application configuration. */
export function storedModels(json: string): string[] {
	try {
		const value: unknown = JSON.parse(json);
		return Array.isArray(value) ? value.filter((model) => typeof model === 'string') : [];
	} catch {
		return [];
	}
}
