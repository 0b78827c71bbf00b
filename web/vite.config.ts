import { paraglideVitePlugin } from '@inlang/paraglide-js';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';
import { apiMock } from './dev-mock/plugin.ts';
import { messageOptions } from './scripts/messages.ts';
import { splitLocales } from './scripts/split-locales.ts';

/** `MOCK=1 npm run dev` answers /api from memory; otherwise /api goes to a server on this address. */
const backend = process.env.BACKEND ?? 'http://localhost:1411';
const useMock = process.env.MOCK === '1';

export default defineConfig({
	plugins: [
		tailwindcss(),
		// The tests compile the messages beforehand: the plugin would keep their process alive.
		...(process.env.VITEST ? [] : [paraglideVitePlugin(messageOptions)]),
		splitLocales(),
		...(useMock ? [apiMock()] : []),
		sveltekit({
			version: { name: process.env.npm_package_version ?? 'dev' },
			adapter: adapter({ pages: 'build', fallback: 'index.html', precompress: true }),
			compilerOptions: { runes: true }
		})
	],
	server: {
		proxy: useMock
			? undefined
			: {
					'/api': backend,
					'/authorize': backend,
					'/.well-known': backend
				}
	},
	build: {
		// Everything we ship is fetched with a strict CSP: no data: URLs.
		assetsInlineLimit: 0
	},
	environments: {
		client: {
			build: {
				rolldownOptions: {
					output: {
						// A sign-in page is a few requests: the framework, the shared base, the page. The widgets
						// (menus, dialogs, tables) come only with the pages that have them.
						codeSplitting: {
							groups: [
								{
									// SvelteKit's start script fills the payload before its runtime may be evaluated,
									// so what the start script needs must not share a chunk with the runtime.
									name: 'start',
									test: /kit\/src\/runtime\/client\/payload\.js$|vite\/preload-helper/,
									priority: 40
								},
								{
									name: 'framework',
									test: /node_modules\/(svelte|esm-env|clsx)\//,
									priority: 30
								},
								{
									name: 'widgets',
									test: /node_modules\/(bits-ui|@floating-ui|svelte-toolbelt|runed|tabbable|@internationalized)\//,
									priority: 20
								},
								{
									name: 'base',
									test: /(src\/lib\/(api|forms|i18n|[\w.-]+\.ts|paraglide\/(?!messages\/(de|es|fr|nl)\.js))|lib\/components\/(Logo|ui\/(Spinner|Button|button-style|Toaster|toast|confirm\.)))|node_modules\/@simplewebauthn\//,
									priority: 10
								}
							]
						}
					}
				}
			}
		}
	},
	test: {
		include: ['src/**/*.test.ts']
	}
});
