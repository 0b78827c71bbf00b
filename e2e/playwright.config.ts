import { defineConfig } from '@playwright/test';
import type { Engine } from './support/test.js';

/** The files that run once more on PostgreSQL: every way in, and what writes most. The API's tests run on both anyway. */
const ON_POSTGRES = ['clients', 'device-login', 'freshness', 'mail', 'passkeys', 'people', 'signup', 'waysin'];

/** Debian's Chromium: Playwright's own browsers are never downloaded. */
export default defineConfig<object, Engine>({
	testDir: 'tests',
	outputDir: 'test-results/failures',
	workers: 2,
	fullyParallel: false,
	forbidOnly: !!process.env.CI,
	retries: 0,
	timeout: 90_000,
	expect: { timeout: 10_000 },
	reporter: [['list', { printSteps: false }]],
	projects: [
		{ name: 'sqlite', use: { engine: 'sqlite' } },
		{
			name: 'postgres',
			use: { engine: 'postgres' },
			testMatch: ON_POSTGRES.map((name) => `${name}.spec.ts`),
			// Of the client libraries one is enough: the database does not know which of them asks.
			grepInvert: /clients\.spec\.ts (?!openid-client |signing out at one app)/
		}
	],
	use: {
		browserName: 'chromium',
		locale: 'en-GB',
		timezoneId: 'Europe/Berlin',
		viewport: { width: 1280, height: 860 },
		contextOptions: { reducedMotion: 'reduce' },
		actionTimeout: 10_000,
		navigationTimeout: 20_000,
		screenshot: 'only-on-failure',
		// A page lives through many tests here: recording it costs more than it tells.
		trace: 'off',
		launchOptions: {
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			args: [
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync'
			]
		}
	}
});
