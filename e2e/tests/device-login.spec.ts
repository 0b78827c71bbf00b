/* Signing in with another device: a phone with the passkey lets in a screen that has none. */
import { photograph } from '../support/photograph.js';
import { readQrCode } from '../support/qr-code.js';
import {
	api,
	expect,
	expectAccessible,
	openPhone,
	openTab,
	setUp,
	test,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'device-login' });
test.describe.configure({ mode: 'serial' });

let phone: Page;
let problems: string[];

test.beforeAll(async ({ browser, pocketId }) => {
	phone = (await openPhone(browser, pocketId.url)).page;
	problems = watchForBrokenPages(phone);
	await setUp(phone);
});

test.afterAll(async () => {
	await phone.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

/** Opens the waiting page and gives the code it shows. */
async function waitOn(screen: Page, query = ''): Promise<string> {
	await screen.goto(`/login/alternative${query}`);
	await screen.getByRole('link', { name: 'Sign in with another device' }).click();
	const code = (await screen.getByTestId('device-login-code').innerText()).replaceAll(/[^A-Z0-9]/g, '');
	expect(code).toMatch(/^P[A-HJKMNP-Z0-9]{7}$/);
	await expect(screen.getByRole('button', { name: 'Waiting for approval' })).toBeDisabled();
	return code;
}

test('the phone approves what its camera read, on the way to an application', async ({ browser, pocketId }) => {
	const { page: screen } = await openTab(browser, pocketId.url);
	const code = await waitOn(screen, `?redirect=${encodeURIComponent('/settings/apps')}`);
	await expectAccessible(screen);
	await photograph(screen, 'device-login-waiting');
	const address = await readQrCode(screen.getByRole('img', { name: 'Device login QR code' }));
	expect(new URL(address).origin).toBe(pocketId.url);

	await phone.goto(address);
	await expect(phone.getByText(`${code.slice(0, 4)} - ${code.slice(4)}`)).toBeVisible();
	await expect(phone.getByText('Internal Network')).toBeVisible();
	await expectAccessible(phone);
	await photograph(phone, 'device-login-approve');
	const proven = phone.waitForResponse('**/api/webauthn/reauthenticate');
	await phone.getByRole('button', { name: 'Approve' }).tap();
	await proven;
	await expect(phone.getByRole('status')).toHaveText('The requesting device has been signed in.');
	await screen.waitForURL('/settings/apps');
	expect((await api<{ username: string }>(screen, 'GET', '/api/users/me')).username).toBe('ada');
	await screen.context().close();
});

test('a typed code is denied, and both sides say so', async ({ browser, pocketId }) => {
	const { page: screen } = await openTab(browser, pocketId.url);
	const code = await waitOn(screen);
	await phone.goto('/device');
	await phone.getByRole('textbox').first().tap();
	await phone.keyboard.insertText(code.toLowerCase());
	await phone.getByRole('button', { name: 'Authorize' }).tap();
	await phone.getByRole('button', { name: 'Deny' }).tap();
	await expect(phone.getByRole('status')).toHaveText('The sign-in request was denied.');
	await expect(screen.getByRole('alert')).toHaveText('Device login request was denied');
	await screen.getByRole('button', { name: 'Try again' }).click();
	await expect(screen.getByTestId('device-login-code')).toBeVisible();
	await screen.context().close();
});

test('whoever is signed out on the phone signs in first', async ({ browser, pocketId }) => {
	const { page: screen } = await openTab(browser, pocketId.url);
	await waitOn(screen);
	await phone.context().clearCookies();
	await phone.goto(await readQrCode(screen.getByRole('img', { name: 'Device login QR code' })));
	await phone.getByRole('button', { name: 'Authorize' }).tap();
	await phone.getByRole('button', { name: 'Approve' }).tap();
	await expect(phone.getByRole('status')).toHaveText('The requesting device has been signed in.');
	await screen.waitForURL('/settings/account');
	const me = await api<{ username: string }>(screen, 'GET', '/api/users/me');
	expect(me.username).toBe('ada');
	await screen.context().close();
});

test('an unknown code says so', async () => {
	await phone.goto('/device?user_code=P0000000');
	await expect(phone.getByRole('alert')).toHaveText('The QR code has expired. Please start again.');
});
