/* User groups, custom claims, restricted clients, and what administrators see of a user. */
import { photograph } from '../support/photograph.js';
import {
	api,
	createClient,
	expect,
	expectAccessible,
	expectToast,
	hold,
	openTab,
	setUp,
	test,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'people' });
test.describe.configure({ mode: 'serial' });

let page: Page;
let problems: string[];

test.beforeAll(async ({ browser, pocketId }) => {
	page = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(page);
	await setUp(page);
	for (const username of ['grace', 'alan']) {
		await api(page, 'POST', '/api/users', { username, email: `${username}@example.com`, firstName: username });
	}
});

test.afterAll(async () => {
	await page.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

test('a group is made, its name for apps follows the friendly one', async () => {
	await page.goto('/settings/admin/users');
	await page.getByRole('link', { name: 'User Groups' }).click();
	await expect(page).toHaveTitle('User Groups');
	await expect(page.getByText('No items found')).toBeVisible();
	await page.getByRole('button', { name: 'Add Group' }).click();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Too short: at least 2 characters').first()).toBeVisible();
	await page.getByLabel('Friendly Name').fill('Home & Garden');
	await expect(page.getByLabel('Name', { exact: true })).toHaveValue('home___garden');
	await page.getByLabel('Name', { exact: true }).fill('gardeners');
	await page.getByLabel('Friendly Name').fill('Gardeners');
	await expect(page.getByLabel('Name', { exact: true })).toHaveValue('gardeners');
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'User group created successfully');
	await expect(page).toHaveTitle('User Group Details gardeners');
});

test('a name that is taken is refused, and the form keeps what was typed', async () => {
	await page.goto('/settings/admin/user-groups');
	await page.getByRole('button', { name: 'Add Group' }).click();
	await page.getByLabel('Friendly Name').fill('Others');
	await page.getByLabel('Name', { exact: true }).fill('gardeners');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.locator('[data-type="error"]')).toHaveText('Name is already in use');
	await expect(page.getByLabel('Friendly Name')).toHaveValue('Others');
	await page.getByRole('row', { name: 'Gardeners' }).click();
	await page.waitForURL(/user-groups\/[0-9a-f-]{36}(\?|$)/);
	await page.getByLabel('Friendly Name').fill('The Gardeners');
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'User group updated successfully');
});

test('users are put into the group', async () => {
	await page.getByRole('tab', { name: 'Users' }).click();
	await expect(page.getByRole('columnheader', { name: 'Username' })).toBeVisible();
	await page.getByRole('row', { name: 'grace' }).getByRole('checkbox').check();
	await page.getByRole('row', { name: 'ada' }).click();
	await expect(page.getByRole('row', { name: 'ada' }).getByRole('checkbox')).toBeChecked();
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Users updated successfully');
	await photograph(page, 'group-users');
	await page.reload();
	await expect(page.getByRole('row', { name: 'grace' }).getByRole('checkbox')).toBeChecked();
	await expect(page.getByRole('row', { name: 'alan' }).getByRole('checkbox')).not.toBeChecked();
	await page.getByRole('button', { name: 'Back' }).click();
	await expect(page.getByRole('row', { name: 'The Gardeners' })).toContainText('2');
});

test('rows stay as they were chosen while they are saved, and are counted anew', async () => {
	const { data } = await api<{ data: { id: string; username: string }[] }>(page, 'GET', '/api/users');
	const alan = data.find((user) => user.username === 'alan')!;
	await page.goto(`/settings/admin/users/${alan.id}#groups`);
	const row = page.getByRole('row', { name: 'The Gardeners' });
	const box = row.getByRole('checkbox');
	const save = page.getByRole('button', { name: 'Save' });
	await expect(row.getByRole('cell', { name: '2', exact: true })).toBeVisible();
	await box.check();
	const answer = await hold(page, (url) => url.pathname === `/api/users/${alan.id}/user-groups`);
	await save.click();
	await expect(box).toBeDisabled();
	await expect(page.getByRole('checkbox', { name: 'Select all rows' })).toBeDisabled();
	// A click would take the focus with it.
	await row.getByText('The Gardeners').dispatchEvent('click');
	await expect(box).toBeChecked();
	await answer();
	await expectToast(page, 'User groups updated successfully');
	await expect(row.getByRole('cell', { name: '3', exact: true })).toBeVisible();
	await expect(box).toBeEnabled();
	await expect(box).toBeChecked();
	await expect(save).toBeFocused();
	await page.goto('/settings/admin/user-groups');
});

test('claims of the group are edited, with suggestions from others', async () => {
	const users = await api<{ data: { id: string; username: string }[] }>(page, 'GET', '/api/users');
	const alan = users.data.find((user) => user.username === 'alan')!;
	await api(page, 'PUT', `/api/custom-claims/user/${alan.id}`, [{ key: 'department', value: 'it' }]);
	await page.getByRole('row', { name: 'The Gardeners' }).click();
	await page.getByRole('tab', { name: 'Custom Claims' }).click();
	await page.getByRole('button', { name: 'Add custom claim' }).click();
	await page.getByPlaceholder('Key').fill('DEP');
	await page.getByRole('option', { name: 'department' }).click();
	await expect(page.getByPlaceholder('Key')).toHaveValue('department');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('A claim needs a value')).toBeVisible();
	await page.getByPlaceholder('Value').fill('{"tools":["rake"]}');
	await page.getByRole('button', { name: 'Add another' }).click();
	await page.getByPlaceholder('Key').last().pressSequentially('department');
	await page.getByPlaceholder('Value').last().fill('sales');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('This key is there already')).toBeVisible();
	await photograph(page, 'claims-refused');
	await page.getByPlaceholder('Key').last().fill('');
	await page.getByPlaceholder('Key').last().pressSequentially('name');
	await page.getByPlaceholder('Value').last().fill('x');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.locator('[data-type="error"]').last()).toContainText('reserved');
	await page.getByRole('button', { name: 'Remove custom claim' }).last().click();
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Custom claims updated successfully');
	await photograph(page, 'group-claims');
	await page.reload();
	await expect(page.getByPlaceholder('Value')).toHaveValue('{"tools":["rake"]}');
});

test('what is wrong with a claim is told at its field, and goes with its row', async () => {
	await page.getByRole('button', { name: 'Add another' }).click();
	await page.getByRole('combobox', { name: 'Key 2' }).fill('team');
	await page.getByRole('button', { name: 'Save' }).click();
	const value = page.getByRole('textbox', { name: 'Value 2' });
	await expect(value).toHaveAccessibleDescription('A claim needs a value');
	await expect(value).toHaveAttribute('aria-invalid', 'true');
	await expect(value).toBeFocused();
	await expect(page.getByRole('combobox', { name: 'Key 2' })).toHaveAttribute('aria-invalid', 'false');
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Remove custom claim' }).first().click();
	await expect(page.getByRole('combobox', { name: 'Key 1' })).toHaveValue('team');
	await expect(page.getByText('A claim needs a value')).toHaveCount(0);
});

test('a client is restricted to the group, from both sides', async () => {
	const client = await createClient(page, { name: 'Shed', callbackURLs: ['http://127.0.0.1:9/cb'] });
	await page.goto(`/settings/admin/oidc-clients/${client.id}`);
	await page.getByRole('tab', { name: 'Allowed User Groups' }).click();
	await expect(page.getByText('All users may use this client')).toBeVisible();
	await page.getByRole('button', { name: 'Restrict', exact: true }).click();
	await expectToast(page, 'User groups restriction updated successfully');
	await expect(page.getByText('nobody can use this client')).toBeVisible();
	// Said at the tab too, for whoever looks at another.
	const tab = page.getByRole('tab', { name: 'Allowed User Groups' });
	await expect(tab).toHaveAccessibleName('Allowed User Groups (nobody is allowed)');
	await expectAccessible(page);
	await photograph(page, 'client-nobody-allowed');
	await page.getByRole('row', { name: 'The Gardeners' }).getByRole('checkbox').check();
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Allowed user groups updated successfully');
	await expect(tab).toHaveAccessibleName('Allowed User Groups');
	await expectAccessible(page);
	await photograph(page, 'client-groups');
	await page.getByRole('button', { name: 'Back' }).click();
	await expect(page.getByRole('row', { name: 'Shed' })).toContainText('Yes');

	await page.goto('/settings/admin/user-groups');
	await page.getByRole('row', { name: 'The Gardeners' }).click();
	await page.getByRole('tab', { name: 'Allowed OIDC Clients' }).click();
	const box = page.getByRole('row', { name: 'Shed' }).getByRole('checkbox');
	await expect(box).toBeChecked();
	const groups = (count: string) => page.getByRole('row', { name: 'Shed' }).getByRole('cell', { name: count, exact: true });
	await expect(groups('1')).toBeVisible();
	await box.uncheck();
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Allowed OIDC clients updated successfully');
	await expect(groups('0')).toBeVisible();

	await page.goto(`/settings/admin/oidc-clients/${client.id}#user-groups`);
	await expect(page.getByText('nobody can use this client')).toBeVisible();
	await page.getByRole('button', { name: 'Unrestrict' }).click();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Unrestrict' }).click();
	await expectToast(page, 'User groups restriction updated successfully');
	await expect(page.getByText('All users may use this client')).toBeVisible();
	await page.goto('/settings/admin/user-groups');
	await page.getByRole('row', { name: 'The Gardeners' }).click();
	await page.getByRole('tab', { name: 'Allowed OIDC Clients' }).click();
	await expect(page.getByRole('row', { name: 'Shed' }).getByRole('checkbox')).toBeDisabled();
});

test('a user’s groups, passkeys and claims are kept on their page', async () => {
	await page.goto('/settings/admin/users');
	await page.getByRole('row', { name: 'ada@example.com' }).click();
	await page.getByRole('tab', { name: 'User Groups' }).click();
	const box = page.getByRole('row', { name: 'The Gardeners' }).getByRole('checkbox');
	await expect(box).toBeChecked();
	await box.uncheck();
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'User groups updated successfully');
	await page.reload();
	await expect(box).not.toBeChecked();
	await expectAccessible(page);

	await page.getByRole('tab', { name: 'Custom Claims' }).click();
	await page.getByRole('button', { name: 'Add custom claim' }).click();
	await page.getByPlaceholder('Key').fill('level');
	await page.getByPlaceholder('Value').fill('3');
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Custom claims updated successfully');

	await page.getByRole('tab', { name: 'Passkeys' }).click();
	const passkey = page.locator('[data-slot="item"]');
	await expect(passkey).toHaveCount(1);
	await expectAccessible(page);
	await photograph(page, 'user-passkeys');
	await passkey.getByRole('button', { name: 'Delete' }).click();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
	await expectToast(page, 'Passkey deleted successfully');
	await expect(page.getByText('has no passkey')).toBeVisible();
});

test('a group is deleted after a question', async () => {
	await page.goto('/settings/admin/user-groups');
	await page.getByRole('row', { name: 'The Gardeners' }).getByRole('button').click();
	await page.getByRole('menuitem', { name: 'Delete' }).click();
	await expect(page.getByRole('alertdialog', { name: 'Delete gardeners' })).toBeVisible();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
	await expectToast(page, 'User group deleted successfully');
	await expect(page.getByText('No items found')).toBeVisible();
});
