/* One installation under several names: browsers let the passkeys of one be used under the others (Related Origin
   Requests), and under no name that is not listed. */
// The suite's own test function starts a product that has one name.
import { test, type Browser } from '@playwright/test';
import { Authenticator } from '../support/passkey.js';
import { startPocketId, type PocketId } from '../support/pocket-id.js';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.js';
import { api, expect, setUp, signOut, watchForBrokenPages, type Page } from '../support/test.js';

const HOME = 'id.example.com';
const RELATED = 'login.example.net';
const STRANGE = 'id.example.org';

test.describe.configure({ mode: 'serial' });

let pocketId: PocketId;
let proxy: TlsProxy;
let browser: Browser;
let page: Page;
let reader: Authenticator;
let problems: string[];

test.beforeAll(async ({ playwright, launchOptions }) => {
	proxy = await startTlsProxy([HOME, RELATED, STRANGE], () => pocketId.url);
	pocketId = await startPocketId({
		DISABLE_RATE_LIMITING: 'true',
		APP_URL: `https://${HOME}`,
		WEBAUTHN_RELATED_ORIGINS: `https://${RELATED}`
	});
	browser = await playwright.chromium.launch({
		...launchOptions,
		args: [
			...(launchOptions.args ?? []),
			// Browsers ask for the list at the default port, whatever port the pages have.
			`--host-resolver-rules=MAP *.example.* 127.0.0.1:${proxy.port}`,
			// It is the browser itself that asks, not the page: what a context is told to overlook does not count.
			'--ignore-certificate-errors'
		]
	});
	const context = await browser.newContext({ baseURL: `https://${HOME}`, locale: 'en-GB', reducedMotion: 'reduce' });
	page = await context.newPage();
	reader = await Authenticator.plugInto(page);
	problems = watchForBrokenPages(page);
});

test.afterAll(async () => {
	await browser?.close();
	await pocketId?.stop();
	proxy?.stop();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

async function signInAt(host: string): Promise<void> {
	await page.goto(`https://${host}/login`);
	await page.getByRole('button', { name: 'Authenticate' }).click();
}

test('the passkey of one name signs in under another', async () => {
	await setUp(page);
	expect((await reader.credentials()).map(({ rpId }) => rpId)).toEqual([HOME]);
	await signOut(page);

	await signInAt(RELATED);
	await page.waitForURL(`https://${RELATED}/settings/account`);
	expect((await api<{ username: string }>(page, 'GET', '/api/users/me')).username).toBe('ada');
	// Sessions stay with the name they began under.
	await page.goto(`https://${HOME}/settings/account`);
	await page.waitForURL(/\/login\?redirect=/);
});

test('a passkey added under the other name is one of the first name', async () => {
	const first = await reader.credentials();
	// The authenticator has one already, and would not make another for the same account.
	await reader.clear();
	await page.goto(`https://${RELATED}/settings/account`);
	await page.getByRole('button', { name: 'Add Passkey' }).click();
	const naming = page.getByRole('dialog', { name: 'Name Passkey' });
	await naming.getByLabel('Name').fill('From the other name');
	await naming.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('listitem').filter({ hasText: 'From the other name' })).toBeVisible();
	const added = await reader.credentials();
	expect(added.map(({ rpId }) => rpId)).toEqual([HOME]);
	expect(added[0]!.credentialId).not.toBe(first[0]!.credentialId);

	await signInAt(HOME);
	await page.waitForURL(`https://${HOME}/settings/account`);
});

test('a name that is not listed gets nothing', async () => {
	await signInAt(STRANGE);
	await expect(page.getByRole('alert')).toHaveText(
		'Passkeys do not work at this address. Please contact your administrator.'
	);
	await expect(page).toHaveURL(`https://${STRANGE}/login`);
	await page.goto(`https://${HOME}/login`);
	const { origins } = await api<{ origins: string[] }>(page, 'GET', '/.well-known/webauthn');
	expect(origins).toEqual([`https://${RELATED}`]);
});
