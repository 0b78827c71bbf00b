/* Telling an app who may use it: switching it on, a run that works and one that fails, switching it off. */
import { photograph } from '../support/photograph.js';
import { startScimApp, type ScimApp } from '../support/scim-app.js';
import {
	api,
	createClient,
	expect,
	expectAccessible,
	expectToast,
	openTab,
	setUp,
	test,
	watchForBrokenPages,
	type NewClient,
	type Page
} from '../support/test.js';

test.use({ installation: 'scim' });
test.describe.configure({ mode: 'serial' });

let admin: Page;
let app: ScimApp;
let client: NewClient;
let problems: string[];

test.beforeAll(async ({ browser, pocketId }) => {
	app = await startScimApp('s3cret');
	admin = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(admin);
	await setUp(admin);
	client = await createClient(admin, { name: 'Drawing Board', callbackURLs: [] });
	const people = [];
	for (const [username, firstName] of [
		['alan', 'Alan'],
		['grace', 'Grace']
	]) {
		const made = await api<{ id: string }>(admin, 'POST', '/api/users', {
			username,
			firstName,
			email: `${username}@example.com`
		});
		people.push(made.id);
	}
	const group = await api<{ id: string }>(admin, 'POST', '/api/user-groups', {
		name: 'designers',
		friendlyName: 'Designers'
	});
	await api(admin, 'PUT', `/api/user-groups/${group.id}/users`, { userIds: people });
});

test.afterAll(async () => {
	await admin.context().close();
	app.stop();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

const card = () => admin.getByTestId('scim-card');
const endpoint = () => admin.getByLabel('SCIM Endpoint');
const token = () => admin.getByLabel('SCIM Token');
const press = (name: string) => card().getByRole('button', { name, exact: true }).click();
const errorToast = () => admin.locator('[data-type="error"]').last();

test('it is switched on with an address and a token', async () => {
	await admin.goto(`/settings/admin/oidc-clients/${client.id}#scim`);
	await expect(admin.getByRole('tab', { name: 'SCIM Provisioning', selected: true })).toBeVisible();
	await expect(endpoint()).toHaveAttribute('placeholder', 'https://scim.example.com/v2');
	await expect(card().getByRole('button')).toHaveText(['Enable']);
	await expectAccessible(admin);
	await photograph(admin, 'scim-new');

	await press('Enable');
	await expect(endpoint()).toBeFocused();
	await expect(endpoint()).toHaveAttribute('aria-invalid', 'true');
	await endpoint().fill('scim.example');
	await press('Enable');
	await expect(endpoint()).toHaveAttribute('aria-invalid', 'true');

	await endpoint().fill(app.endpoint);
	await token().fill('s3cret');
	await press('Enable');
	await expectToast(admin, 'SCIM enabled successfully.');
	await expect(card().getByText('Last successful sync: Never')).toBeVisible();
	// It is stored, and nobody reads it here again; nothing is sent yet.
	await expect(token()).toHaveValue('XXXXXXXXXX');
	await admin.reload();
	await expect(endpoint()).toHaveValue(app.endpoint);
	await expect(token()).toHaveValue('XXXXXXXXXX');
	expect(app.users).toEqual([]);
});

test('a sync brings people and groups over', async () => {
	await press('Sync now');
	await expectToast(admin, 'The SCIM sync has been completed successfully.');
	await expect(card().getByText(/Last successful sync: \d/)).toBeVisible();
	expect(app.users.map((user) => user.userName).sort()).toEqual(['ada', 'alan', 'grace']);
	expect(app.groups.map((group) => group.displayName)).toEqual(['Designers']);
	expect(app.groups[0]?.members).toHaveLength(2);
	await photograph(admin, 'scim-synced');
});

test('a sync that fails says what failed', async () => {
	app.refused.add('hedy');
	await api(admin, 'POST', '/api/users', { username: 'hedy', email: 'hedy@example.com' });
	await press('Sync now');
	await expect(errorToast()).toContainText('The SCIM sync failed.');
	const alert = card().getByRole('alert');
	await expect(alert).toContainText('The last sync failed');
	await expect(alert).toContainText('user hedy: POST answered 507: No seats left');
	await expectAccessible(admin);
	await photograph(admin, 'scim-failed');

	// Still there later, and gone once it works.
	await admin.reload();
	await expect(alert).toContainText('No seats left');
	app.refused.clear();
	await press('Sync now');
	await expectToast(admin, 'The SCIM sync has been completed successfully.');
	await expect(alert).toBeHidden();
	expect(app.users.some((user) => user.userName === 'hedy')).toBe(true);
});

test('unsaved changes are saved before a sync, if one wants', async () => {
	await token().fill('wrong');
	await press('Sync now');
	const question = admin.getByRole('alertdialog', { name: 'Save changes?' });
	await expectAccessible(admin);
	await photograph(admin, 'scim-question');
	await question.getByRole('button', { name: 'Cancel' }).click();
	await expect(token()).toHaveValue('wrong');
	await press('Sync now');
	await question.getByRole('button', { name: 'Save and Sync' }).click();
	await expect(errorToast()).toContainText('The SCIM sync failed.');
	await expect(card().getByRole('alert')).toContainText('The token is not valid');

	await token().fill('s3cret');
	await press('Save');
	await expectToast(admin, 'SCIM configuration updated successfully.');
	await expect(card().getByRole('alert')).toBeHidden();

	// The token does not follow to another server.
	await endpoint().fill('https://elsewhere.example/v2');
	await press('Save');
	await expect(token()).toBeFocused();
	await expect(card().getByText(/must be entered again/i)).toBeVisible();
});

test('it is switched off, and the app keeps what it has', async () => {
	await admin.reload();
	const before = app.users.length;
	await press('Disable');
	const question = admin.getByRole('alertdialog', { name: 'Disable SCIM Provisioning' });
	await question.getByRole('button', { name: 'Disable' }).click();
	await expectToast(admin, 'SCIM disabled successfully.');
	await expect(endpoint()).toHaveValue('');
	await expect(token()).toHaveValue('');
	await expect(card().getByRole('button')).toHaveText(['Enable']);
	expect(app.users).toHaveLength(before);

	await admin.goto('/settings/audit-log/global');
	await expect(admin.getByRole('cell', { name: 'SCIM Disabled' }).first()).toBeVisible();
});
