import { defineConfig } from '@playwright/test';

/** Debian's Chromium: Playwright's own browsers are never downloaded. */
export default defineConfig({
	testDir: 'tests',
	outputDir: 'test-results/failures',
	workers: 2,
	fullyParallel: false,
	forbidOnly: !!process.env.CI,
	retries: 0,
	timeout: 90_000,
	expect: { timeout: 10_000 },
	reporter: [['list', { printSteps: false }]],
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
