import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

export default ts.config(
	{
		ignores: [
			'node_modules/',
			'build/',
			'.svelte-kit/',
			'src/lib/paraglide/',
			'src/lib/api/schema.d.ts',
			'screenshots/'
		]
	},
	...ts.configs.recommended,
	...svelte.configs.recommended,
	{ languageOptions: { globals: { ...globals.browser, ...globals.node } } },
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser } }
	},
	{
		rules: {
			'no-console': ['error', { allow: ['warn', 'error'] }],
			// The UI is served at the root of its origin; there is no base path to resolve.
			'svelte/no-navigation-without-resolve': 'off'
		}
	}
);
