/* API keys: made and shown once, used by a program, revoked. */
import { photograph } from '../support/photograph.js';
import {
	expect,
	expectAccessible,
	expectToast,
	openTab,
	setUp,
	test,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'api-keys' });
test.describe.configure({ mode: 'serial' });

let page: Page;
let problems: string[];
let key: string;

test.beforeAll(async ({ browser, pocketId }) => {
	page = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(page);
	await setUp(page);
});

test.afterAll(async () => {
	await page.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

/** What a program with the key gets to see. */
const asProgram = async (url: string) =>
	(await fetch(`${url}/api/users`, { headers: { 'X-API-KEY': key } })).status;

test('a key is made for a chosen day and shown once', async ({ pocketId }) => {
	await page.goto('/settings/admin/users');
	await page.getByRole('link', { name: 'API Keys' }).click();
	await expect(page).toHaveTitle('API Keys');
	await page.getByRole('button', { name: 'Add API Key' }).click();
	await page.getByLabel('Name').fill('ab');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Too short: at least 3 characters')).toBeVisible();
	await page.getByLabel('Name').fill('Terraform');
	await page.getByLabel('Description').fill('Makes clients');

	const calendar = page.getByRole('dialog', { name: 'Select a date' });
	// Today began in the past: a key that ends with its beginning is none. The browser's day: its time zone is its own.
	const [year, month, day] = await page.evaluate(() => {
		const today = new Date();
		return [today.getFullYear(), today.getMonth(), today.getDate()] as const;
	});
	const now = new Date(year, month, day);
	await page.getByRole('button', { name: 'Select a date' }).click();
	await calendar.getByLabel('Year').selectOption(String(now.getFullYear()));
	await calendar.getByLabel('Month').selectOption(String(now.getMonth() + 1));
	await calendar.getByRole('button', { name: now.toLocaleDateString('en', { dateStyle: 'full' }) }).click();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Choose a day in the future')).toBeVisible();

	await page.getByRole('button', { name: 'Select a date' }).click();
	await calendar.getByRole('button', { name: 'Next' }).click();
	await calendar.getByRole('button', { name: 'Next' }).click();
	await expectAccessible(page);
	await photograph(page, 'date-picker');
	const wanted = new Date(now.getFullYear(), now.getMonth() + 3, 15);
	await calendar.getByLabel('Year').selectOption(String(wanted.getFullYear()));
	await calendar.getByLabel('Month').selectOption(String(wanted.getMonth() + 1));
	await calendar.getByRole('button', { name: wanted.toLocaleDateString('en', { dateStyle: 'full' }) }).click();
	await expect(page.getByRole('button', { name: 'Select a date' })).toContainText(
		wanted.toLocaleDateString('en', { dateStyle: 'long' })
	);
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).click();

	const dialog = page.getByRole('dialog', { name: 'API Key Created' });
	key = await page.locator('.font-mono').innerText();
	expect(key).toMatch(/^[A-Za-z0-9]{32}$/);
	await expectAccessible(page);
	await photograph(page, 'api-key-created');
	await dialog.getByRole('button', { name: 'Close' }).first().click();
	await expect(dialog).toHaveCount(0);
	expect(await page.content()).not.toContain(key);
	const row = page.getByRole('row', { name: 'Terraform' });
	await expect(row).toContainText('Never');
	await expect(row).toContainText(wanted.toLocaleDateString('en-GB'));
	expect(await asProgram(pocketId.url)).toBe(200);
	await page.reload();
	await expect(row).not.toContainText('Never');
	await photograph(page, 'api-keys');
	await expectAccessible(page);
});

test('a revoked key is worth nothing', async ({ pocketId }) => {
	await page.getByRole('row', { name: 'Terraform' }).getByRole('button').click();
	await expect(page.getByRole('menuitem', { name: 'Renew' })).toHaveCount(0);
	await page.getByRole('menuitem', { name: 'Revoke' }).click();
	await page.getByRole('alertdialog', { name: 'Revoke API Key' }).getByRole('button', { name: 'Revoke' }).click();
	await expectToast(page, 'API key revoked successfully');
	await expect(page.getByText('No items found')).toBeVisible();
	expect(await asProgram(pocketId.url)).toBe(401);
});

test('a key can be limited to reading, and to parts of the API', async ({ pocketId }) => {
	await page.goto('/settings/admin/api-keys');
	await page.getByRole('button', { name: 'Add API Key' }).click();
	await page.getByLabel('Name').fill('Monitoring');
	await page.getByRole('button', { name: /^Access:/ }).click();
	await page.getByRole('option', { name: 'Read only' }).click();
	await page.getByRole('checkbox', { name: 'All areas' }).click();
	await page.getByRole('checkbox', { name: 'Audit Log' }).click();
	await expectAccessible(page);
	await photograph(page, 'api-key-access');
	await page.getByRole('button', { name: 'Save' }).click();
	const dialog = page.getByRole('dialog', { name: 'API Key Created' });
	key = (await dialog.locator('.font-mono').textContent())!.trim();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('row', { name: 'Monitoring' })).toContainText('Read only: Audit Log');
	expect(await asProgram(pocketId.url)).toBe(403);
	const log = await fetch(`${pocketId.url}/api/audit-logs/all`, { headers: { 'X-API-KEY': key } });
	expect(log.status).toBe(200);
});
