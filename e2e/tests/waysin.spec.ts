/* Signing in without a passkey: login codes of administrators, of oneself, and on the way to an application. */
import { photograph } from '../support/photograph.js';
import { readQrCode } from '../support/qr-code.js';
import {
	api,
	createClient,
	expect,
	expectAccessible,
	expectToast,
	openPhone,
	openTab,
	setUp,
	test,
	useLoginLink,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'waysin' });
test.describe.configure({ mode: 'serial' });

let admin: Page;
let problems: string[];

test.beforeAll(async ({ browser, pocketId }) => {
	admin = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(admin);
	await setUp(admin);
	await api(admin, 'POST', '/api/users', { username: 'grace', email: 'grace@example.com', firstName: 'Grace' });
});

test.afterAll(async () => {
	await admin.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

test('an administrator’s link signs somebody in, who then adds a passkey', async ({ browser, pocketId }) => {
	await admin.goto('/settings/admin/users');
	await admin.getByRole('row', { name: 'grace@example.com' }).getByRole('button').click();
	await admin.getByRole('menuitem', { name: 'Login Code' }).click();
	const dialog = admin.getByRole('dialog', { name: 'Login Code' });
	await dialog.getByLabel('Expiration').click();
	await admin.getByRole('option', { name: '1 day' }).click();
	await dialog.getByRole('button', { name: 'Show Code' }).click();
	await expectAccessible(admin);
	await photograph(admin, 'login-code-dialog');
	const link = await dialog.getByTestId('login-code-link').innerText();
	expect(link).toMatch(new RegExp(`^${pocketId.url}/lc/[a-zA-Z0-9]{12}$`));

	// The phone's camera is held up to the screen.
	const { page: phone } = await openPhone(browser, pocketId.url);
	const sent: string[] = [];
	phone.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
	await phone.goto(await readQrCode(dialog.getByRole('img', { name: 'QR code of the link' })));
	expect(phone.url()).toContain(link.slice(-12));
	// What follows the links of mail does not use the code up, and nobody is signed in without knowing.
	await expect(phone.getByText('This link brought your code.')).toBeVisible();
	await expect(phone.getByLabel('Code')).toHaveValue(link.slice(-12));
	await expectAccessible(phone);
	await photograph(phone, 'login-link');
	await phone.waitForLoadState('networkidle');
	expect(sent).toEqual([]);
	await phone.getByRole('button', { name: 'Submit' }).tap();
	await phone.waitForURL('/settings/account');
	await expect(phone.getByText('Passkey missing')).toBeVisible();
	await phone.getByRole('alert').getByRole('button', { name: 'Add Passkey' }).tap();
	await phone.getByRole('dialog', { name: 'Name Passkey' }).getByRole('button', { name: 'Save' }).tap();
	await expectToast(phone, 'Passkey name updated successfully');

	// The link has been used.
	const { page: stranger } = await openTab(browser, pocketId.url);
	await useLoginLink(stranger, link);
	await expect(stranger.getByRole('alert')).toHaveText('Token is invalid or expired. Please try again.');
	await stranger.context().close();
	await phone.context().close();
});

test('a code of one’s own is typed on another device, on the way to an application', async ({ browser, pocketId }) => {
	await admin.goto('/settings/account');
	await admin.getByRole('button', { name: 'Create', exact: true }).click();
	const dialog = admin.getByRole('dialog', { name: 'Login Code' });
	const link = await dialog.getByTestId('login-code-link').innerText();
	const code = link.slice(link.lastIndexOf('/') + 1);
	expect(code).toHaveLength(6);
	await photograph(admin, 'own-login-code');
	await admin.keyboard.press('Escape');

	const client = await createClient(admin, { name: 'Notes', callbackURLs: ['https://notes.example/cb'], pkceEnabled: false });
	const query = new URLSearchParams({
		client_id: client.id,
		response_type: 'code',
		scope: 'openid',
		redirect_uri: 'https://notes.example/cb',
		state: 'a-state-of-some-length'
	});
	const { page: phone } = await openTab(browser, pocketId.url);
	await phone.goto(`/authorize?${query}`);
	await phone.getByRole('link', { name: 'Alternative Sign In Methods' }).click();
	await expectAccessible(phone);
	await photograph(phone, 'alternative');
	await phone.getByRole('link', { name: 'Login Code' }).click();
	await expect(phone.getByRole('button', { name: 'Submit' })).toBeDisabled();
	for (const impossible of ['wrong', 'wrong12', 'wrong-wrong-1', '      ']) {
		await phone.getByLabel('Code').fill(impossible);
		await expect(phone.getByRole('button', { name: 'Submit' })).toBeDisabled();
	}
	for (const possible of ['wrong123wron', 'wrong123wrong123', ' wrong1 ']) {
		await phone.getByLabel('Code').fill(possible);
		await expect(phone.getByRole('button', { name: 'Submit' })).toBeEnabled();
	}
	await phone.getByLabel('Code').fill('wrong1');
	await phone.getByRole('button', { name: 'Submit' }).click();
	await expect(phone.getByRole('alert')).toHaveText('Token is invalid or expired. Please try again.');
	await expect(phone.locator('p')).toHaveCount(1);
	await expectAccessible(phone);
	await photograph(phone, 'login-code');
	await phone.getByLabel('Code').fill(code);
	await phone.keyboard.press('Enter');
	await expect(phone.getByRole('heading', { name: 'Sign in to Notes' })).toBeVisible();
	await phone.getByRole('button', { name: 'Sign in' }).click();
	await expect(phone.getByText('wants to access')).toBeVisible();
	// Nobody listens there; what the browser asks for is enough.
	const arrival = phone.waitForRequest((request) => request.url().startsWith('https://notes.example/cb?'));
	await phone.getByRole('button', { name: 'Sign in' }).click();
	expect(new URL((await arrival).url()).searchParams.get('code')).toBeTruthy();
	await phone.context().close();
});

test('the short address asks for the code, and nobody is sent to another site', async ({ browser, pocketId }) => {
	const { page: phone } = await openTab(browser, pocketId.url);
	await phone.goto('/lc?redirect=%2F%2Fevil.example');
	await phone.waitForURL('**/login/alternative/code?redirect=%2F%2Fevil.example');
	const { token } = await api<{ token: string }>(admin, 'POST', '/api/users/me/one-time-access-token', {});
	await phone.getByLabel('Code').fill(token);
	await phone.getByRole('button', { name: 'Submit' }).click();
	await phone.waitForURL('/settings/account');
	await phone.context().close();
});

test('a link says whom it would sign out, and does so only when asked to', async ({ browser, pocketId }) => {
	const { page: hers } = await openTab(browser, pocketId.url);
	const { data } = await api<{ data: { id: string; username: string }[] }>(admin, 'GET', '/api/users');
	const codeOf = async (name: string) => {
		const { id } = data.find(({ username }) => username === name)!;
		return (await api<{ token: string }>(admin, 'POST', `/api/users/${id}/one-time-access-token`, { ttl: '1h' })).token;
	};
	await useLoginLink(hers, `/lc/${await codeOf('grace')}`);
	await hers.waitForURL('/settings/account');

	const link = `/lc/${await codeOf('ada')}`;
	await hers.goto(link);
	await expect(hers.getByRole('note')).toHaveText(
		'You are signed in as grace. The person this code belongs to will be signed in here instead.'
	);
	await expectAccessible(hers);
	await photograph(hers, 'login-link-signed-in');
	await hers.goto('/settings/account');
	expect((await api<{ username: string }>(hers, 'GET', '/api/users/me')).username).toBe('grace');

	await useLoginLink(hers, link);
	await hers.waitForURL('/settings/account');
	expect((await api<{ username: string }>(hers, 'GET', '/api/users/me')).username).toBe('ada');
	await hers.context().close();
});

test('somebody ends their other sessions, one and all', async ({ browser, pocketId }) => {
	const { data } = await api<{ data: { id: string; username: string }[] }>(admin, 'GET', '/api/users');
	const grace = data.find(({ username }) => username === 'grace')!;
	const signIn = async () => {
		const path = `/api/users/${grace.id}/one-time-access-token`;
		const { token } = await api<{ token: string }>(admin, 'POST', path, {});
		const { page } = await openTab(browser, pocketId.url);
		await useLoginLink(page, `/lc/${token}`);
		await page.waitForURL('/settings/account');
		return page;
	};
	const mine = await signIn();
	const card = mine.getByTestId('sessions-card');
	// Those of the tests before.
	await card.getByRole('button', { name: 'End all others' }).click();
	await mine.getByRole('alertdialog').getByRole('button', { name: 'End all others' }).click();
	await expectToast(mine, 'Sessions ended');
	await expect(card.getByRole('listitem')).toHaveCount(1);
	await expect(card.getByRole('listitem')).toContainText('This device');
	await expect(card.getByRole('button')).toHaveCount(0);

	const [first, second, third] = [await signIn(), await signIn(), await signIn()];
	await mine.reload();
	await expect(card.getByRole('listitem')).toHaveCount(4);
	await expect(card.getByText('This device')).toHaveCount(1);
	await expectAccessible(mine);
	await photograph(mine, 'own-sessions');
	// The newest is the first; which of the three it is shows when they go on.
	const stillIn = async () => {
		const tabs = [first, second, third];
		const states = await Promise.all(tabs.map((tab) => tab.evaluate(async () => (await fetch('/api/users/me')).status)));
		return tabs.filter((_, index) => states[index] === 200);
	};
	await card.getByRole('button', { name: 'End session' }).first().click();
	const question = mine.getByRole('alertdialog', { name: 'End session' });
	await question.getByRole('button', { name: 'End session' }).click();
	await expectToast(mine, 'Session ended');
	await expect(card.getByRole('listitem')).toHaveCount(3);
	const left = await stillIn();
	expect(left).toHaveLength(2);
	const [out] = [first, second, third].filter((tab) => !left.includes(tab));
	await out!.goto('/settings/apps');
	await out!.waitForURL(/\/login\?redirect=/);

	await card.getByRole('button', { name: 'End all others' }).click();
	await mine.getByRole('alertdialog').getByRole('button', { name: 'End all others' }).click();
	await expect(card.getByRole('listitem')).toHaveCount(1);
	await left[0]!.getByRole('link', { name: 'My Apps' }).click();
	await left[0]!.waitForURL(/\/login/);
	expect(await stillIn()).toEqual([]);
	expect((await api<{ username: string }>(mine, 'GET', '/api/users/me')).username).toBe('grace');
	for (const tab of [mine, first, second, third]) await tab.context().close();
});

test('printed codes let somebody in who has lost their passkeys', async ({ browser, pocketId }) => {
	const { page: before } = await openTab(browser, pocketId.url);
	await before.goto('/login/alternative');
	await expect(before.getByRole('link', { name: 'Login Code' })).toBeVisible();
	await expect(before.getByRole('link', { name: 'Recovery Code' })).toHaveCount(0);
	await before.context().close();

	await admin.goto('/settings/admin/application-configuration');
	await admin.getByRole('switch', { name: 'Allow recovery codes' }).click();
	await admin
		.locator('#application-configuration-general')
		.getByRole('button', { name: 'Save' })
		.click();
	await expectToast(admin, 'Application configuration updated successfully');

	await admin.goto('/settings/account');
	const card = admin.locator('section', { has: admin.getByRole('heading', { name: 'Recovery Codes' }) });
	await card.getByRole('button', { name: 'Create' }).click();
	const dialog = admin.getByRole('dialog', { name: 'Recovery Codes' });
	const items = dialog.getByTestId('recovery-codes').getByRole('listitem');
	await expect(items).toHaveCount(10);
	const codes = await items.allInnerTexts();
	await expectAccessible(admin);
	await photograph(admin, 'recovery-codes');
	await admin.emulateMedia({ media: 'print' });
	await expect(admin.getByText(`ada · ${pocketId.url}`)).toBeVisible();
	await expect(admin.getByRole('button', { name: 'Print' })).toBeHidden();
	await admin.emulateMedia({ media: null });
	// Back on the screen before a key is pressed.
	await expect(dialog.getByRole('button', { name: 'Print' })).toBeVisible();
	await admin.keyboard.press('Escape');
	await expect(dialog).toBeHidden();
	await expect(admin.getByText('10 of your codes have not been used.')).toBeVisible();
	// Any other page prints as it is.
	await admin.emulateMedia({ media: 'print' });
	await expect(admin.getByText('10 of your codes have not been used.')).toBeVisible();
	await admin.emulateMedia({ media: null });

	const { page: lost } = await openTab(browser, pocketId.url);
	await lost.goto('/login');
	await lost.getByRole('link', { name: 'Alternative Sign In Methods' }).click();
	await lost.getByRole('link', { name: 'Recovery Code' }).click();
	await expectAccessible(lost);
	await photograph(lost, 'recovery-code');
	await lost.getByLabel('Code').fill('abcd-efgh-jkmn-pqrs');
	await lost.getByRole('button', { name: 'Submit' }).click();
	await expect(lost.getByRole('alert')).toContainText('The code is wrong or has been used');
	await lost.getByLabel('Code').fill(codes[0]!.toUpperCase().replaceAll('-', ''));
	await lost.getByRole('button', { name: 'Submit' }).click();
	await lost.waitForURL('/settings/account');
	await expect(lost.getByText('9 of your codes have not been used.')).toBeVisible();
	await lost.context().close();

	// An administrator sees how many are left, never the codes.
	await admin.goto('/settings/admin/users');
	await admin.getByRole('row', { name: /ada/ }).click();
	await admin.getByRole('tab', { name: 'Passkeys' }).click();
	await expect(admin.getByText(/^9 codes have not been used/)).toBeVisible();
	await expectAccessible(admin);
	await photograph(admin, 'user-recovery-codes');
	await admin.getByRole('button', { name: 'Delete recovery codes' }).click();
	await admin.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
	await expectToast(admin, 'Recovery codes deleted');
	await expect(admin.getByText('This user has no recovery codes.')).toBeVisible();
});

test('administrators learn of a newer release', async () => {
	await admin.goto('/settings/account');
	await expect(admin.getByRole('button', { name: 'Administration' })).toBeVisible();
	await expect(admin.getByRole('link', { name: 'Update Pocket ID' })).toHaveCount(0);
	const releaseUrl = 'https://releases.example/99.0.0';
	await admin.route('**/api/version/latest', (route) =>
		route.fulfill({ json: { latestVersion: '99.0.0', releaseUrl } })
	);
	await admin.reload();
	await expect(admin.getByRole('link', { name: 'Update Pocket ID' })).toHaveAttribute('href', releaseUrl);
	await photograph(admin, 'newer-release');
	await admin.unroute('**/api/version/latest');
});
