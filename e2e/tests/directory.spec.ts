/* People and groups that come from an LDAP directory are looked at here, and changed there. */
import { changeRow } from '../support/database.js';
import { photograph } from '../support/photograph.js';
import {
	api,
	expect,
	expectAccessible,
	openTab,
	setUp,
	test,
	useLoginLink,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'directory' });
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
	await api(page, 'POST', '/api/user-groups', { friendlyName: 'Staff', name: 'staff' });
	await api(page, 'POST', '/api/user-groups', { friendlyName: 'Friends', name: 'friends' });
	// What a synchronization would leave behind.
	changeRow(pocketId, "UPDATE users SET ldap_id = 'uuid-of-grace' WHERE username = 'grace'");
	changeRow(pocketId, "UPDATE user_groups SET ldap_id = 'uuid-of-staff' WHERE name = 'staff'");
	await api(page, 'PATCH', '/api/application-configuration', { ldapEnabled: 'true' });
	await page.reload();
});

test.afterAll(async () => {
	await page.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

test('the list of users says who comes from the directory, and offers less for them', async () => {
	await page.goto('/settings/admin/users');
	const grace = page.getByRole('row', { name: 'grace@example.com' });
	const alan = page.getByRole('row', { name: 'alan@example.com' });
	await expect(grace.getByText('LDAP', { exact: true })).toBeVisible();
	await expect(alan.getByText('Local', { exact: true })).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'directory-users');
	await grace.getByRole('button').click();
	await expect(page.getByRole('menuitem')).toHaveText(['Login Code', 'Edit']);
	await page.keyboard.press('Escape');
	await alan.getByRole('button').click();
	await expect(page.getByRole('menuitem', { name: 'Delete' })).toBeVisible();
	await page.keyboard.press('Escape');
});

test('the details of a user of the directory cannot be changed', async () => {
	await page.goto('/settings/admin/users');
	await page.getByRole('row', { name: 'grace@example.com' }).click();
	await expect(page.getByText('LDAP', { exact: true })).toBeVisible();
	await expect(page.getByText('come from your LDAP directory')).toBeVisible();
	for (const label of ['Username', 'Email', 'First name', 'Last name', 'Display Name']) {
		await expect(page.getByLabel(label, { exact: true })).toBeDisabled();
	}
	for (const name of ['Admin Privileges', 'Account Disabled']) {
		await expect(page.getByRole('switch', { name })).toBeDisabled();
	}
	await expect(page.getByRole('button', { name: 'Save' }).first()).toBeDisabled();
	await expect(page.locator('#profile-picture-input')).toBeDisabled();
	await expect(page.getByRole('button', { name: 'Reset to default' })).toHaveCount(0);
	await expectAccessible(page);
	await photograph(page, 'directory-user');
	await page.getByRole('tab', { name: 'User Groups' }).click();
	await expect(page.getByRole('row', { name: 'Staff' }).getByRole('checkbox')).toBeDisabled();
	await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
});

test('a group of the directory keeps its names and members', async () => {
	await page.goto('/settings/admin/user-groups');
	const staff = page.getByRole('row', { name: 'Staff' });
	await expect(staff.getByText('LDAP', { exact: true })).toBeVisible();
	await expect(page.getByRole('row', { name: 'Friends' }).getByText('Local', { exact: true })).toBeVisible();
	await staff.getByRole('button').click();
	await expect(page.getByRole('menuitem')).toHaveText(['Edit']);
	await page.getByRole('menuitem', { name: 'Edit' }).click();
	await expect(page.getByText('The directory manages this group.')).toBeVisible();
	await expect(page.getByLabel('Friendly Name')).toBeDisabled();
	await expect(page.getByLabel('Name', { exact: true })).toBeDisabled();
	await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
	await expectAccessible(page);
	await photograph(page, 'directory-group');
	await page.getByRole('tab', { name: 'Users' }).click();
	await expect(page.getByRole('row', { name: 'alan' }).getByRole('checkbox')).toBeDisabled();
	await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
	// Which apps its members may use is decided here.
	await page.getByRole('tab', { name: 'Allowed OIDC Clients' }).click();
	await expect(page.getByRole('button', { name: 'Save' })).toBeEnabled();
});

test('people of the directory see on their own page what is changed elsewhere', async ({ browser, pocketId }) => {
	const { data } = await api<{ data: { id: string; username: string }[] }>(page, 'GET', '/api/users');
	const { id } = data.find(({ username }) => username === 'grace')!;
	const { token } = await api<{ token: string }>(page, 'POST', `/api/users/${id}/one-time-access-token`, {});
	const { page: hers } = await openTab(browser, pocketId.url);
	await useLoginLink(hers, `/lc/${token}`);
	await hers.waitForURL('/settings/account');
	await expect(hers.getByText('These details come from your LDAP directory and are changed there.')).toBeVisible();
	for (const label of ['Username', 'Email', 'First name', 'Last name', 'Display Name']) {
		await expect(hers.getByLabel(label, { exact: true })).toBeDisabled();
	}
	await expect(hers.getByRole('button', { name: 'Save' })).toBeDisabled();
	await expect(hers.locator('#profile-picture-input')).toBeDisabled();
	await expect(hers.getByRole('button', { name: 'Reset to default' })).toHaveCount(0);
	await expectAccessible(hers);
	await photograph(hers, 'directory-own-account');
	// Her passkeys and her language are not the directory's.
	await hers.getByRole('alert').getByRole('button', { name: 'Add Passkey' }).click();
	await hers.getByRole('dialog', { name: 'Name Passkey' }).getByRole('button', { name: 'Save' }).click();
	await expect(hers.getByText('Passkey missing')).toBeHidden();
	await hers.getByLabel('Select locale').click();
	await hers.getByRole('option', { name: 'Deutsch' }).click();
	await expect(hers.getByRole('heading', { name: 'Sprache' })).toBeVisible();
	await hers.context().close();
});
