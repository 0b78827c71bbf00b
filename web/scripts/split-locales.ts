import type { Plugin } from 'vite';

/**
 * Paraglide's index module imports every language, so every visitor would download all of them.
 * This replaces its body: each message reads from the one catalogue that `#lib/i18n/catalog` loaded
 * before the first render. The generated types stay as they are.
 */
export function splitLocales(): Plugin {
	return {
		name: 'split-locales',
		enforce: 'post',
		transform(code, id) {
			if (!id.split('?')[0]?.endsWith('/lib/paraglide/messages/_index.js')) return;
			const names = [...code.matchAll(/^export const (\w+) =/gm)].map((match) => match[1]);
			if (names.length === 0) {
				this.error('paraglide changed the shape of its message index: no exported messages found');
			}
			return {
				code: [
					`import { messages } from '/src/lib/i18n/catalog.ts';`,
					...names.map(
						(name) => `export const ${name} = (inputs = {}) => messages().${name}(inputs);`
					)
				].join('\n'),
				map: null
			};
		}
	};
}
