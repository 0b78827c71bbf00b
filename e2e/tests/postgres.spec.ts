/* Every way in through the UI once more, on PostgreSQL: set-up, passkey, login code, sign-up, another device. */
// The suite's own test function starts a product on SQLite.
import { expect, test, type Page } from '@playwright/test';
import type { Authenticator } from '../support/passkey.js';
import { startPocketId, type PocketId } from '../support/pocket-id.js';
import { newPostgresDatabase } from '../support/postgres.js';
import { api, openTab, setUp, signOut, useLoginLink, watchForBrokenPages } from '../support/test.js';

test.describe.configure({ mode: 'serial' });

let pocketId: PocketId;
let admin: Page;
let reader: Authenticator;
let problems: string[];

test.beforeAll(async ({ browser }) => {
	pocketId = await startPocketId({
		DISABLE_RATE_LIMITING: 'true',
		DB_CONNECTION_STRING: await newPostgresDatabase('ways_in')
	});
	({ page: admin, authenticator: reader } = await openTab(browser, pocketId.url));
	problems = watchForBrokenPages(admin);
});

test.afterAll(async () => {
	await admin?.context().close();
	await pocketId?.stop();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

const me = (page: Page) => api<{ username: string }>(page, 'GET', '/api/users/me');

test('the first administrator sets it up and comes back with the passkey', async () => {
	await setUp(admin);
	expect(await reader.credentials()).toHaveLength(1);
	await signOut(admin);
	await admin.getByRole('button', { name: 'Authenticate' }).click();
	await admin.waitForURL('/settings/account');
	expect((await me(admin)).username).toBe('ada');
});

test('somebody signs in by a link, once', async ({ browser }) => {
	const user = { username: 'grace', email: 'grace@example.com', firstName: 'Grace' };
	const { id } = await api<{ id: string }>(admin, 'POST', '/api/users', user);
	const { token } = await api<{ token: string }>(admin, 'POST', `/api/users/${id}/one-time-access-token`, {});
	const { page } = await openTab(browser, pocketId.url);
	await useLoginLink(page, `/lc/${token}`);
	await page.waitForURL('/settings/account');
	expect((await me(page)).username).toBe('grace');
	await page.getByRole('alert').getByRole('button', { name: 'Add Passkey' }).click();
	await page.getByRole('dialog', { name: 'Name Passkey' }).getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Passkey missing')).toBeHidden();
	await page.context().clearCookies();
	await useLoginLink(page, `/lc/${token}`);
	await expect(page.getByRole('alert')).toContainText('Token is invalid or expired');
	await page.context().close();
});

test('somebody makes their own account with an invitation', async ({ browser }) => {
	await api(admin, 'PATCH', '/api/application-configuration', { allowUserSignups: 'withToken' });
	const { token } = await api<{ token: string }>(admin, 'POST', '/api/signup-tokens', { usageLimit: 1 });
	const { page } = await openTab(browser, pocketId.url);
	await page.goto(`/st/${token}`);
	await page.getByLabel('Username').fill('mary');
	await page.getByLabel('Email').fill('mary@example.com');
	await page.getByLabel('First name').fill('Mary');
	await page.getByRole('button', { name: 'Sign Up' }).click();
	await page.waitForURL('/signup/add-passkey');
	await page.getByRole('button', { name: 'Add Passkey' }).click();
	await page.waitForURL('/settings/account');
	expect((await me(page)).username).toBe('mary');
	await page.context().close();
});

test('the administrator lets another device in', async ({ browser }) => {
	const { page: screen } = await openTab(browser, pocketId.url);
	await screen.goto('/login/alternative/device');
	const code = (await screen.getByTestId('device-login-code').innerText()).replaceAll(/[^A-Z0-9]/g, '');
	await admin.goto(`/device?user_code=${code}`);
	await admin.getByRole('button', { name: 'Approve' }).click();
	await expect(admin.getByRole('status')).toHaveText('The requesting device has been signed in.');
	await screen.waitForURL('/settings/account');
	expect((await me(screen)).username).toBe('ada');
	await screen.context().close();
});
