/* The audit log: one's own, everybody's with filters that live in the address, files, and the launcher of apps. */
import { readFile } from 'node:fs/promises';
import { photograph } from '../support/photograph.js';
import {
	api,
	breakDown,
	createClient,
	expect,
	expectAccessible,
	expectToast,
	openTab,
	setUp,
	test,
	useLoginLink,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'audit-log' });
test.describe.configure({ mode: 'serial' });

let page: Page;
let problems: string[];

test.beforeAll(async ({ browser, pocketId }) => {
	page = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(page);
	await setUp(page);
	await api(page, 'POST', '/api/users', { username: 'grace', email: 'grace@example.com' });
	await createClient(page, { name: 'Files', callbackURLs: [] });
});

test.afterAll(async () => {
	await page.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

test('people see what happened to their account', async () => {
	await page.getByRole('link', { name: 'Audit Log' }).click();
	await expect(page).toHaveTitle('Audit Log');
	await expect(page.getByRole('row', { name: 'Passkey Added' })).toContainText('Internal Network');
	await expect(page.getByRole('row', { name: 'Initial Setup' })).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'audit-log');
});

test('one’s own log that cannot be had says so, and is tried again', async () => {
	const repair = await breakDown(page, '/api/audit-logs');
	await page.goto('/settings/audit-log');
	await expect(page.getByText('This list could not be loaded')).toBeVisible();
	await expectAccessible(page);
	await repair();
	await page.getByRole('main').getByRole('button', { name: 'Try again' }).click();
	await expect(page.getByRole('row', { name: 'Initial Setup' })).toBeVisible();
});

test('administrators see everybody, narrowed by filters that a link keeps', async () => {
	await page.getByRole('link', { name: 'Global', exact: true }).click();
	await expect(page).toHaveTitle('Global Audit Log');
	await expect(page.getByRole('row', { name: 'Client Created' })).toContainText('Files');
	await expect(page.getByRole('row', { name: 'User Created' })).toContainText('grace');
	await expect(page.getByRole('row', { name: 'User Created' })).toContainText('ada');
	await expectAccessible(page);
	await photograph(page, 'audit-log-global');

	await page.getByRole('combobox', { name: 'Event:' }).click();
	await page.getByRole('dialog', { name: 'Event' }).getByPlaceholder('Search...').fill('client c');
	await page.getByRole('option', { name: 'Client Created' }).click();
	await expect(page.getByRole('row', { name: 'User Created' })).toBeHidden();
	await page.getByRole('combobox', { name: /^Client:/ }).click();
	await expectAccessible(page);
	await page.getByRole('option', { name: 'Files' }).click();
	await expect(page).toHaveURL(/event=CLIENT_CREATED.*clientName=Files/);
	await page.reload();
	await expect(page.getByRole('row', { name: 'Client Created' })).toBeVisible();
	await expect(page.getByRole('row', { name: 'User Created' })).toBeHidden();

	await page.getByRole('button', { name: /^Location:/ }).click();
	await page.getByRole('option', { name: 'External Networks' }).click();
	await expect(page.getByText('No items found')).toBeVisible();
	await page.getByRole('button', { name: /^Location:/ }).click();
	await page.getByRole('option', { name: 'All Locations' }).click();
	await expect(page.getByRole('row', { name: 'Client Created' })).toBeVisible();

	const saved = page.waitForEvent('download');
	await page.getByRole('link', { name: 'Export CSV' }).click();
	const file = await (await saved).path();
	const lines = (await readFile(file, 'utf8')).trim().split('\r\n');
	expect(lines[0]).toMatch(/^"createdAt","event",/);
	expect(lines).toHaveLength(2);

	const alsoSaved = page.waitForEvent('download');
	await page.getByRole('link', { name: 'Export JSON Lines' }).click();
	const objects = (await readFile(await (await alsoSaved).path(), 'utf8')).trim().split('\n');
	expect(objects.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['CLIENT_CREATED']);
});

test('filters that match nothing are taken away together', async () => {
	await page.goto('/settings/audit-log/global?event=CLIENT_CREATED&location=external&clientName=Files');
	await expect(page.getByText('Nothing matches your search and filters.')).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'audit-log-nothing-matches');
	await page.getByRole('button', { name: 'Clear Filters' }).click();
	await expect(page.getByRole('row', { name: 'User Created' })).toBeVisible();
	await expect(page.getByText('Nothing matches your search and filters.')).toHaveCount(0);
	await expect(page.getByRole('button', { name: 'View' })).toBeFocused();
	await expect(page).not.toHaveURL(/event=|location=|clientName=/);
	await expect(page.getByRole('combobox', { name: 'Event:' })).toHaveAccessibleName('Event: All Events');
	await expect(page.getByRole('combobox', { name: /^Client:/ })).toHaveAccessibleName('Client: All Clients');
	await expect(page.getByRole('button', { name: /^Location:/ })).toHaveAccessibleName('Location: All Locations');
	await page.reload();
	await expect(page.getByRole('row', { name: 'User Created' })).toBeVisible();
});

test('who is not known is called so', async ({ browser, pocketId }) => {
	const { page: stranger } = await openTab(browser, pocketId.url);
	await useLoginLink(stranger, '/lc/wrong1');
	await expect(stranger.getByRole('alert')).toContainText('Token is invalid or expired');
	await stranger.context().close();
	await page.goto('/settings/audit-log/global');
	const row = page.getByRole('row', { name: 'Failed sign in' });
	await expect(row).toBeVisible();
	const headings = await page.getByRole('columnheader').allInnerTexts();
	for (const column of ['Username', 'Actor']) {
		const at = headings.findIndex((heading) => heading.trim() === column);
		await expect(row.getByRole('cell').nth(at), column).toHaveText('Unknown');
	}
	// What people did themselves has a name and no actor besides.
	await expect(page.getByRole('row', { name: 'Initial Setup' })).toContainText('ada');
	await photograph(page, 'audit-log-unknown');
});

test('the order of a list is in the address', async () => {
	await page.goto('/settings/audit-log/global');
	await page.getByRole('button', { name: 'Time' }).click();
	await expect(page).toHaveURL(/audit-log-list-admin-sort=createdAt/);
	const first = page.getByRole('row').nth(1);
	await expect(first).toContainText('Initial Setup');
	await page.reload();
	await expect(first).toContainText('Initial Setup');
	await page.goto('/settings/admin/users?user-list-search=gra&user-list-sort=-username');
	await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('gra');
	await expect(page.getByRole('row', { name: 'grace' })).toBeVisible();
	await expect(page.getByRole('row', { name: 'ada@example.com' })).toBeHidden();
});

test('everybody else does not get there', async ({ browser, pocketId }) => {
	const { data } = await api<{ data: { id: string; username: string }[] }>(page, 'GET', '/api/users');
	const grace = data.find((user) => user.username === 'grace')!;
	const { token } = await api<{ token: string }>(page, 'POST', `/api/users/${grace.id}/one-time-access-token`, {});
	const { page: hers } = await openTab(browser, pocketId.url);
	await useLoginLink(hers, `/lc/${token}`);
	await hers.waitForURL('/settings/account');
	await hers.goto('/settings/audit-log/global');
	await hers.waitForURL('/settings/account');
	await hers.goto('/settings/audit-log');
	await expect(hers.getByRole('row', { name: 'Token Sign In' })).toBeVisible();
	await expect(hers.getByRole('link', { name: 'Global', exact: true })).toBeHidden();
	await hers.context().close();
});

test('apps are launched from their cards', async () => {
	await page.goto('/settings/apps');
	await expect(page).toHaveTitle('My Apps');
	await expect(page.getByText('No apps available')).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'apps-empty');
	for (const [name, launchURL, description] of [
		['Photos', 'https://photos.example.com/start', 'All pictures of the family, sorted by year'],
		['Wiki', 'https://wiki.example.com', '']
	] as const) {
		await api(page, 'POST', '/api/oidc/clients', { name, launchURL, description });
	}
	await page.reload();
	const photos = page.getByRole('article', { name: 'Photos' });
	await expect(photos).toContainText('photos.example.com');
	await expect(photos.getByRole('link', { name: 'Launch' })).toHaveAttribute('href', 'https://photos.example.com/start');
	await expect(photos.getByRole('link', { name: 'Launch' })).toHaveAttribute('rel', 'noopener noreferrer');
	await expectAccessible(page);
	await photograph(page, 'apps');
	await photos.getByRole('button', { name: 'Toggle menu' }).click();
	await page.getByRole('menuitem', { name: 'Edit' }).click();
	await expect(page.getByLabel('Client Launch URL')).toHaveValue('https://photos.example.com/start');
});

test('what was allowed is taken back', async ({ pocketId }) => {
	// A television is an app without an address.
	const tv = await createClient(page, { name: 'Television', callbackURLs: [] });
	const started = (await (
		await fetch(`${pocketId.url}/api/oidc/device/authorize`, {
			method: 'POST',
			body: new URLSearchParams({ client_id: tv.id, client_secret: tv.secret ?? '', scope: 'openid' })
		})
	).json()) as { user_code: string };
	await api(page, 'POST', `/api/oidc/device/verify?code=${started.user_code}`);
	await page.goto('/settings/apps');
	await page.getByRole('button', { name: 'Show all apps (1)' }).click();
	const card = page.getByRole('article', { name: 'Television' });
	await expect(card).toContainText('ago');
	await expect(page.getByRole('main').getByRole('separator')).toHaveCount(1);
	await expectAccessible(page);
	await card.getByRole('button', { name: 'Toggle menu' }).click();
	await page.getByRole('menuitem', { name: 'Revoke' }).click();
	await expectAccessible(page);
	await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
	await expectToast(page, 'The access to Television has been successfully revoked.');
	await expect(card).toBeHidden();
});
