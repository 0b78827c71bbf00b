/* Making one's own account: closed, with an invitation, and openly. */
import { photograph } from '../support/photograph.js';
import { readQrCode } from '../support/qr-code.js';
import {
	api,
	expect,
	expectAccessible,
	expectToast,
	openTab,
	setUp,
	test,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'signup' });
test.describe.configure({ mode: 'serial' });

let admin: Page;
let problems: string[];
let link: string;

test.beforeAll(async ({ browser, pocketId }) => {
	admin = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(admin);
	await setUp(admin);
	await api(admin, 'POST', '/api/user-groups', { name: 'family', friendlyName: 'Family' });
});

test.afterAll(async () => {
	await admin.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

async function allow(mode: string): Promise<void> {
	await admin.goto('/settings/admin/application-configuration');
	await admin.getByRole('tab', { name: 'User Creation' }).click();
	await admin.getByRole('button', { name: 'Enable User Signups' }).click();
	await admin.getByRole('option', { name: mode }).click();
	const panel = admin.locator('#application-configuration-signup-defaults');
	await panel.getByRole('button', { name: 'Save' }).click();
	if (mode === 'Open Signup') {
		const question = admin.getByRole('alertdialog', { name: 'Open sign-ups to everybody?' });
		await question.getByRole('button', { name: 'Open sign-ups' }).click();
	}
	await expectToast(admin, 'User creation settings updated successfully.');
}

async function fillIn(page: Page, name: string): Promise<void> {
	await page.getByLabel('Username').fill(name);
	await page.getByLabel('Email').fill(`${name}@example.com`);
	await page.getByLabel('First name').fill('Grace');
	await page.getByLabel('Last name').fill('Hopper');
	await page.getByRole('button', { name: 'Sign Up' }).click();
}

test('nobody makes an account where nobody allows it', async ({ browser, pocketId }) => {
	const { page } = await openTab(browser, pocketId.url);
	await page.goto('/login');
	await expect(page.getByRole('button', { name: 'Authenticate' })).toBeVisible();
	await expect(page.getByRole('link', { name: 'Sign Up' })).toHaveCount(0);
	await page.goto('/signup');
	await expect(page.getByRole('alert')).toHaveText('User signups are currently disabled');
	await expectAccessible(page);
	await photograph(page, 'signup-disabled');
	await page.getByRole('link', { name: 'Go to login' }).click();
	await page.waitForURL('/login');
	await admin.goto('/settings/admin/users');
	await expect(admin.getByRole('button', { name: 'Add User' })).toBeVisible();
	await expect(admin.getByRole('button', { name: 'Create options' })).toHaveCount(0);
	await page.context().close();
});

test('an administrator makes an invitation', async ({ browser, pocketId }) => {
	await allow('Signup with token');
	await photograph(admin, 'user-creation');
	const { page } = await openTab(browser, pocketId.url);
	await page.goto('/signup');
	await expect(page.getByRole('alert')).toHaveText('A valid signup token is required to create an account');
	await page.context().close();

	await admin.goto('/settings/admin/users');
	await admin.getByRole('button', { name: 'Create options' }).click();
	await admin.getByRole('menuitem', { name: 'Create Signup Token' }).click();
	const dialog = admin.getByRole('dialog', { name: 'Signup Token' });
	await expect(dialog.getByLabel('Expiration')).toHaveText('1 day');
	await dialog.getByLabel('Usage Limit').fill('101');
	await dialog.getByRole('button', { name: 'Create' }).click();
	await expect(dialog.getByText('A whole number from 1 to 100')).toBeVisible();
	await dialog.getByLabel('Usage Limit').fill('2');
	await dialog.getByRole('combobox', { name: 'User Groups' }).click();
	await admin.getByRole('option', { name: 'family' }).click();
	await admin.keyboard.press('Escape');
	await expectAccessible(admin);
	await photograph(admin, 'signup-token-form');
	await dialog.getByRole('button', { name: 'Create' }).click();
	await expect(dialog.getByText('Usage Limit: 2')).toBeVisible();
	await expect(dialog.getByText('Expiration: 1 day')).toBeVisible();
	link = await dialog.getByTestId('signup-token-link').innerText();
	expect(link).toMatch(new RegExp(`^${pocketId.url}/st/[a-zA-Z0-9]{16}$`));
	await photograph(admin, 'signup-token');
	expect(await readQrCode(dialog.getByRole('img', { name: 'QR code of the link' }))).toBe(link);
	await dialog.getByRole('button', { name: 'Close' }).click();
});

test('an invitation leads to an account, a passkey and groups', async ({ browser, pocketId }) => {
	const { page } = await openTab(browser, pocketId.url);
	await page.goto(link);
	await page.waitForURL(/\/signup\?token=/);
	await expectAccessible(page);
	await photograph(page, 'signup');
	await page.getByLabel('Username').fill('-grace');
	await page.getByRole('button', { name: 'Sign Up' }).click();
	await expect(page.getByLabel('Username')).toHaveAttribute('aria-invalid', 'true');
	await fillIn(page, 'grace');
	await page.waitForURL('/signup/add-passkey');
	await page.getByRole('button', { name: 'Add Passkey' }).click();
	await page.waitForURL('/settings/account');
	await expect(page.getByText('Single Passkey Configured')).toBeVisible();
	await page.context().close();

	const { page: second } = await openTab(browser, pocketId.url);
	await second.goto(link);
	await fillIn(second, 'GRACE');
	await expect(second.getByText(/already/).first()).toBeVisible();
	await fillIn(second, 'linus');
	await second.waitForURL('/signup/add-passkey');
	await second.context().close();

	const { page: late } = await openTab(browser, pocketId.url);
	await late.goto(link);
	await fillIn(late, 'late');
	await expect(late.getByRole('alert')).toContainText('Token is invalid or expired');
	await late.context().close();

	const family = await api<{ data: { userCount: number }[] }>(admin, 'GET', '/api/user-groups');
	expect(family.data[0]?.userCount).toBe(2);
});

test('invitations are listed, copied and deleted', async () => {
	await admin.goto('/settings/admin/users');
	await admin.getByRole('button', { name: 'Create options' }).click();
	await admin.getByRole('menuitem', { name: 'View Active Signup Tokens' }).click();
	const dialog = admin.getByRole('dialog', { name: 'Manage Signup Tokens' });
	const token = link.slice(-16);
	const row = dialog.getByRole('row', { name: `${token.slice(0, 3)}...${token.slice(-4)}` });
	await expect(row).toContainText('2 of 2');
	await expect(row).toContainText('Used Up');
	await expectAccessible(admin);
	await photograph(admin, 'signup-token-list');
	await row.getByRole('button').click();
	await admin.getByRole('menuitem', { name: 'Copy' }).click();
	await expectToast(admin, 'Copied');
	expect(await admin.evaluate(() => navigator.clipboard.readText())).toBe(link);
	await row.getByRole('button').click();
	await admin.getByRole('menuitem', { name: 'Delete' }).click();
	await admin.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
	await expectToast(admin, 'Signup token deleted successfully.');
	await expect(row).toHaveCount(0);
	await dialog.getByRole('button', { name: 'Close' }).first().click();
});

test('openly, from the sign-in page', async ({ browser, pocketId }) => {
	await allow('Open Signup');
	const { page } = await openTab(browser, pocketId.url);
	await page.goto('/login');
	await photograph(page, 'login-open-signup');
	await page.getByRole('link', { name: 'Sign Up' }).click();
	await fillIn(page, 'margaret');
	await page.waitForURL('/signup/add-passkey');
	await page.getByRole('button', { name: 'Skip for now' }).click();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Skip for now' }).click();
	await page.waitForURL('/settings/account');
	await expect(page.getByText('Passkey missing')).toBeVisible();
	await page.context().close();
});
