/* Two administrators edit the same thing in two browsers: the second is told, loses nothing, and can go on. */
import { photograph } from '../support/photograph.js';
import {
	api,
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

test.use({ installation: 'versions' });
test.describe.configure({ mode: 'serial' });

/** Two administrators, each with a browser of their own. */
let ada: Page;
let grace: Page;
let problems: string[];
let client: string;
let user: string;
let group: string;

test.beforeAll(async ({ browser, pocketId }) => {
	ada = (await openTab(browser, pocketId.url)).page;
	grace = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(ada);
	await setUp(ada);
	const made = await api<{ id: string }>(ada, 'POST', '/api/users', {
		username: 'grace',
		email: 'grace@example.com',
		firstName: 'Grace',
		isAdmin: true
	});
	const { token } = await api<{ token: string }>(ada, 'POST', `/api/users/${made.id}/one-time-access-token`, {});
	await useLoginLink(grace, `/lc/${token}`);
	await grace.waitForURL(/\/settings/);
	client = (await createClient(ada, { name: 'Files', callbackURLs: ['https://files.example/cb'] })).id;
	user = (
		await api<{ id: string }>(ada, 'POST', '/api/users', { username: 'alan', email: 'alan@example.com', firstName: 'Alan' })
	).id;
	group = (await api<{ id: string }>(ada, 'POST', '/api/user-groups', { friendlyName: 'Cooks', name: 'cooks' })).id;
});

test.afterAll(async () => {
	await ada.context().close();
	await grace.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

const save = (page: Page, card: string) =>
	page.locator('section').filter({ has: page.getByRole('heading', { name: card, exact: true }) }).getByRole('button', { name: 'Save', exact: true });

test('a client: what nobody else touched is merged, the same field is asked about', async () => {
	const path = `/settings/admin/oidc-clients/${client}`;
	await ada.goto(path);
	await grace.goto(path);
	await expect(ada.getByLabel('Name', { exact: true })).toHaveValue('Files');
	await expect(grace.getByLabel('Name', { exact: true })).toHaveValue('Files');

	// Another field of the same form, and another card.
	await grace.getByLabel('Description').fill('Shared by Grace');
	await save(grace, 'Settings').click();
	await expectToast(grace, 'OIDC client updated successfully');
	await ada.getByLabel('Name', { exact: true }).fill('Our files');
	await save(ada, 'Settings').click();
	await expectToast(ada, 'OIDC client updated successfully');
	await expect(ada.getByLabel('Description')).toHaveValue('Shared by Grace');
	const stored = await api<{ name: string; description: string }>(ada, 'GET', `/api/oidc/clients/${client}`);
	expect([stored.name, stored.description]).toEqual(['Our files', 'Shared by Grace']);

	// The same field.
	await grace.reload();
	await expect(grace.getByLabel('Name', { exact: true })).toHaveValue('Our files');
	await grace.getByLabel('Name', { exact: true }).fill('Files of Grace');
	await save(grace, 'Settings').click();
	await expect(grace.getByTestId('changed-notice')).toHaveCount(0);
	await expectToast(grace, 'OIDC client updated successfully');
	await ada.getByLabel('Name', { exact: true }).fill('Files of Ada');
	await ada.getByLabel('Description').fill('Typed by Ada');
	await save(ada, 'Settings').click();
	await expect(ada.getByRole('alert').filter({ hasText: 'Changed by somebody else' })).toBeVisible();
	await expect(ada.getByLabel('Name', { exact: true })).toHaveValue('Files of Ada');
	await expect(ada.getByLabel('Description')).toHaveValue('Typed by Ada');
	expect((await api<{ name: string }>(ada, 'GET', `/api/oidc/clients/${client}`)).name).toBe('Files of Grace');
	await expectAccessible(ada);
	await photograph(ada, 'versions-client');
	await ada.getByRole('button', { name: 'Load current values' }).click();
	await expect(ada.getByLabel('Name', { exact: true })).toHaveValue('Files of Grace');
	await expect(ada.getByLabel('Name', { exact: true })).toBeFocused();
	await expect(ada.getByTestId('changed-notice')).toHaveCount(0);

	// Other cards of the page go on as well.
	await ada.getByLabel('Name', { exact: true }).fill('Files of all');
	await save(ada, 'Settings').click();
	await expect.poll(async () => (await api<{ name: string }>(ada, 'GET', `/api/oidc/clients/${client}`)).name).toBe('Files of all');
	await ada.getByRole('tab', { name: 'Advanced' }).click();
	await ada.getByTestId('protocol-card').getByRole('button', { name: 'Save', exact: true }).click();
	await expectToast(ada, 'OIDC client updated successfully');
	await expect(ada.getByTestId('changed-notice')).toHaveCount(0);
});

test('a client is restricted from an old page without putting back what it shows', async () => {
	const path = `/settings/admin/oidc-clients/${client}#user-groups`;
	await ada.goto('/settings/apps');
	await ada.goto(path);
	await expect(ada.getByRole('button', { name: 'Restrict', exact: true })).toBeVisible();
	await grace.goto(`/settings/admin/oidc-clients/${client}`);
	await grace.getByLabel('Description').fill('Newer');
	await save(grace, 'Settings').click();
	await expectToast(grace, 'OIDC client updated successfully');
	await ada.getByRole('button', { name: 'Restrict', exact: true }).click();
	await expect(ada.getByRole('button', { name: 'Unrestrict', exact: true })).toBeVisible();
	const stored = await api<{ description: string; isGroupRestricted: boolean }>(ada, 'GET', `/api/oidc/clients/${client}`);
	expect([stored.description, stored.isGroupRestricted]).toEqual(['Newer', true]);
});

test('a user: one insists, and keeps what the other changed elsewhere', async () => {
	const path = `/settings/admin/users/${user}`;
	await ada.goto(path);
	await grace.goto(path);
	await expect(ada.getByLabel('First name')).toHaveValue('Alan');
	await grace.getByLabel('First name').fill('Alan M.');
	await grace.getByLabel('Last name').fill('Turing');
	await save(grace, 'General').click();
	await expectToast(grace, 'User updated successfully');

	await ada.getByLabel('First name').fill('Alan Mathison');
	await save(ada, 'General').click();
	const notice = ada.getByTestId('changed-notice');
	await expect(notice).toBeVisible();
	await expect(ada.getByLabel('First name')).toHaveValue('Alan Mathison');
	await photograph(ada, 'versions-user');
	await notice.getByRole('button', { name: 'Save mine anyway' }).click();
	await expectToast(ada, 'User updated successfully');
	await expect(notice).toHaveCount(0);
	await expect(ada.getByLabel('Last name')).toHaveValue('Turing');
	const stored = await api<{ firstName: string; lastName: string }>(ada, 'GET', `/api/users/${user}`);
	expect([stored.firstName, stored.lastName]).toEqual(['Alan Mathison', 'Turing']);

	// Claims and groups of the same page.
	await ada.getByRole('tab', { name: 'Custom Claims' }).click();
	await ada.getByRole('button', { name: 'Add custom claim' }).click();
	await ada.getByRole('combobox', { name: 'Key 1' }).fill('floor');
	await ada.getByRole('textbox', { name: 'Value 1' }).fill('3');
	await ada.getByRole('tabpanel').filter({ visible: true }).getByRole('button', { name: 'Save', exact: true }).click();
	await expectToast(ada, 'Custom claims updated successfully');
	await grace.getByRole('tab', { name: 'Custom Claims' }).click();
	await grace.getByRole('button', { name: 'Add custom claim' }).click();
	await grace.getByRole('combobox', { name: 'Key 1' }).fill('room');
	await grace.getByRole('textbox', { name: 'Value 1' }).fill('7');
	await grace.getByRole('tabpanel').filter({ visible: true }).getByRole('button', { name: 'Save', exact: true }).click();
	await expect(grace.getByTestId('changed-notice').filter({ visible: true })).toBeVisible();
	await expect(grace.getByRole('combobox', { name: 'Key 1' })).toHaveValue('room');
	await grace.getByRole('button', { name: 'Load current values' }).click();
	await expect(grace.getByRole('combobox', { name: 'Key 1' })).toHaveValue('floor');
	await ada.getByRole('tab', { name: 'User Groups' }).click();
	await ada.getByRole('row', { name: 'Cooks' }).getByRole('checkbox').check();
	await ada.getByRole('tabpanel').filter({ visible: true }).getByRole('button', { name: 'Save', exact: true }).click();
	await expectToast(ada, 'User groups updated successfully');
	await api(ada, 'PUT', `/api/users/${user}/user-groups`, { userGroupIds: [] });
});

test('a user is disabled from an old list without putting back what it shows', async () => {
	await ada.goto('/settings/admin/users');
	const row = ada.getByRole('row', { name: 'alan' });
	await expect(row).toBeVisible();
	await grace.goto(`/settings/admin/users/${user}`);
	await grace.getByLabel('Last name').fill('Newer');
	await save(grace, 'General').click();
	await expectToast(grace, 'User updated successfully');
	await row.getByRole('button', { name: 'Toggle menu' }).click();
	await ada.getByRole('menuitem', { name: 'Disable' }).click();
	await ada.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
	await expect(row).toContainText('Disabled');
	const stored = await api<{ lastName: string; disabled: boolean }>(ada, 'GET', `/api/users/${user}`);
	expect([stored.lastName, stored.disabled]).toEqual(['Newer', true]);
});

test('a group: its names are asked about, its members are merged', async () => {
	const path = `/settings/admin/user-groups/${group}`;
	await ada.goto(path);
	await grace.goto(path);
	await expect(ada.getByLabel('Friendly Name')).toHaveValue('Cooks');
	await grace.getByLabel('Friendly Name').fill('Bakers');
	await grace.getByRole('button', { name: 'Save', exact: true }).click();
	await expectToast(grace, 'User group updated successfully');
	await ada.getByLabel('Friendly Name').fill('Chefs');
	await ada.getByRole('button', { name: 'Save', exact: true }).click();
	await expect(ada.getByTestId('changed-notice')).toBeVisible();
	await expect(ada.getByLabel('Friendly Name')).toHaveValue('Chefs');
	await expectAccessible(ada);
	await photograph(ada, 'versions-group');
	await ada.getByRole('button', { name: 'Save mine anyway' }).click();
	await expectToast(ada, 'User group updated successfully');
	await expect(ada.getByRole('heading', { name: 'Chefs' })).toBeVisible();

	for (const [page, member] of [
		[grace, 'alan'],
		[ada, 'grace']
	] as const) {
		await page.getByRole('tab', { name: 'Users' }).click();
		await page.getByRole('row', { name: member }).getByRole('checkbox').check();
		await page.getByRole('tabpanel').filter({ visible: true }).getByRole('button', { name: 'Save', exact: true }).click();
		await expectToast(page, 'Users updated successfully');
	}
	await expect(ada.getByRole('row', { name: 'alan' }).getByRole('checkbox')).toBeChecked();
	const stored = await api<{ users: { username: string }[] }>(ada, 'GET', `/api/user-groups/${group}`);
	expect(stored.users.map(({ username }) => username)).toEqual(['alan', 'grace']);
});

test('an API: names and permissions', async () => {
	const { id } = await api<{ id: string }>(ada, 'POST', '/api/apis', { name: 'Orders', resource: 'https://orders.example' });
	const path = `/settings/admin/apis/${id}`;
	await ada.goto(path);
	await grace.goto(path);
	await expect(ada.getByLabel('Name', { exact: true })).toHaveValue('Orders');
	await grace.getByLabel('Name', { exact: true }).fill('Sales');
	await save(grace, 'General').click();
	await expectToast(grace, 'API updated successfully');
	// Permissions are another card: the name that changed meanwhile is in nobody's way.
	await ada.getByLabel('Permission 1', { exact: true }).fill('read');
	await ada.getByLabel('Label 1').fill('Read');
	await save(ada, 'Permissions').click();
	await expect(ada.getByTestId('changed-notice')).toHaveCount(0);
	await expect.poll(async () => (await api<{ permissions: unknown[] }>(ada, 'GET', `/api/apis/${id}`)).permissions.length).toBe(1);
	await grace.getByLabel('Permission 1', { exact: true }).fill('write');
	await grace.getByLabel('Label 1').fill('Write');
	await save(grace, 'Permissions').click();
	await expect(grace.getByTestId('changed-notice')).toBeVisible();
	await expect(grace.getByLabel('Permission 1', { exact: true })).toHaveValue('write');
	await grace.getByRole('button', { name: 'Load current values' }).click();
	await expect(grace.getByLabel('Permission 1', { exact: true })).toHaveValue('read');
	await ada.getByLabel('Name', { exact: true }).fill('Orders again');
	await save(ada, 'General').click();
	await expect(ada.getByTestId('changed-notice')).toBeVisible();
	await photograph(ada, 'versions-api');
});

test('SCIM: an address is merged, a token is asked about, and what is gone is not saved to', async () => {
	const card = (page: Page) => page.getByTestId('scim-card');
	const endpoint = (page: Page) => page.getByLabel('SCIM Endpoint');
	const token = (page: Page) => page.getByLabel('SCIM Token');
	const press = (page: Page, name: string) => card(page).getByRole('button', { name, exact: true }).click();
	const stored = async () =>
		(await api<{ endpoint: string }>(ada, 'GET', `/api/oidc/clients/${client}/scim-service-provider`)).endpoint;
	for (const page of [ada, grace]) {
		await page.goto('/settings/apps');
		await page.goto(`/settings/admin/oidc-clients/${client}#scim`);
		await expect(card(page).getByRole('button', { name: 'Enable', exact: true })).toBeVisible();
	}

	// Both switch it on.
	await endpoint(ada).fill('https://ada.example/v2');
	await token(ada).fill('of-ada');
	await press(ada, 'Enable');
	await expectToast(ada, 'SCIM enabled successfully.');
	await endpoint(grace).fill('https://grace.example/v2');
	await token(grace).fill('of-grace');
	await press(grace, 'Enable');
	const notice = card(grace).getByTestId('changed-notice');
	await expect(notice).toBeVisible();
	await expect(endpoint(grace)).toHaveValue('https://grace.example/v2');
	expect(await stored()).toBe('https://ada.example/v2');
	await press(grace, 'Load current values');
	await expect(notice).toHaveCount(0);
	await expect(endpoint(grace)).toHaveValue('https://ada.example/v2');
	await expect(endpoint(grace)).toBeFocused();
	await expect(token(grace)).toHaveValue('XXXXXXXXXX');

	// A token goes to the address its writer saw, or to the one she accepts.
	await endpoint(ada).fill('https://ada.example/v3');
	await press(ada, 'Save');
	await expectToast(ada, 'SCIM configuration updated successfully.');
	await token(grace).fill('another');
	await press(grace, 'Save');
	await expect(notice).toBeVisible();
	await expect(token(grace)).toHaveValue('another');
	await expectAccessible(grace);
	await photograph(grace, 'versions-scim');
	await press(grace, 'Save mine anyway');
	await expectToast(grace, 'SCIM configuration updated successfully.');
	await expect(notice).toHaveCount(0);
	await expect(endpoint(grace)).toHaveValue('https://ada.example/v3');

	// What nobody else touched is merged.
	await endpoint(ada).fill('https://ada.example/v4');
	await press(ada, 'Save');
	await expect.poll(stored).toBe('https://ada.example/v4');
	await expect(card(ada).getByTestId('changed-notice')).toHaveCount(0);

	await press(ada, 'Disable');
	await ada.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
	await expectToast(ada, 'SCIM disabled successfully.');
	await press(grace, 'Save');
	await expect(grace.locator('[data-type="error"]').last()).toHaveText(
		'Somebody else has disabled SCIM provisioning for this client meanwhile.'
	);
	await expect(card(grace).getByRole('button', { name: 'Enable', exact: true })).toBeVisible();
});
