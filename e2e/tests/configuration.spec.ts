/* The application configuration: every tab, two administrators at once, secrets, the environment's say. */
import { photograph } from '../support/photograph.js';
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

test.use({ installation: 'configuration' });
test.describe.configure({ mode: 'serial' });

const PATH = '/settings/admin/application-configuration';

let page: Page;
let problems: string[];

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

const stored = async (key: string) => {
	const all = await api<{ key: string; value: string }[]>(page, 'GET', '/api/application-configuration/all');
	return all.find((entry) => entry.key === key)?.value;
};

test('the name and the colour change at once, for everybody', async () => {
	await page.getByRole('button', { name: 'Administration' }).click();
	await page.getByRole('link', { name: 'Application Configuration' }).click();
	await expect(page).toHaveTitle('Application Configuration');
	await page.getByLabel('Application Name').fill('x');
	await page.getByLabel('Session Duration').fill('0');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(page.getByText('Too short: at least 2 characters')).toBeVisible();
	await expect(page.getByText('Enter a whole number from 1 to 43200')).toBeVisible();
	await page.getByLabel('Application Name').fill('Home ID');
	await page.getByLabel('Session Duration').fill('120');
	await page.getByRole('radio', { name: 'Teal' }).check({ force: true });
	const primary = () =>
		page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--primary').trim());
	expect(await primary()).toBe('oklch(0.6 0.15 180)');
	await page.getByRole('button', { name: 'Custom Accent Color' }).click();
	const dialog = page.getByRole('dialog', { name: 'Custom Accent Color' });
	await dialog.getByLabel('Color Value').fill('no colour');
	await expect(dialog.getByRole('button', { name: 'Apply' })).toBeDisabled();
	// The value of one that is offered is that one.
	await dialog.getByLabel('Color Value').fill('oklch(0.6 0.15 180)');
	await dialog.getByRole('button', { name: 'Apply' }).click();
	await expect(page.getByRole('radio', { name: 'Teal' })).toBeChecked();
	await expect(page.getByRole('radio', { name: 'Custom' })).toHaveCount(0);
	await page.getByRole('button', { name: 'Custom Accent Color' }).click();
	await dialog.getByLabel('Color Value').fill('#0a6e4f');
	await dialog.getByRole('button', { name: 'Apply' }).click();
	expect(await primary()).toBe('#0a6e4f');
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'Application configuration updated successfully');
	await photograph(page, 'configuration-general');
	await page.reload();
	await expect(page.getByLabel('Application Name')).toHaveValue('Home ID');
	expect(await primary()).toBe('#0a6e4f');
	expect(await stored('sessionDuration')).toBe('120');
});

test('a colour that was only tried out is gone with the page', async () => {
	await page.getByRole('radio', { name: 'Rose' }).check({ force: true });
	await page.getByRole('link', { name: 'Users' }).click();
	await expect(page).toHaveTitle('Users');
	expect(
		await page.evaluate(() => document.documentElement.style.getPropertyValue('--primary'))
	).toBe('#0a6e4f');
});

test('Enter applies a colour of one’s own', async () => {
	await page.goto(PATH);
	await page.getByRole('button', { name: 'Custom Accent Color' }).click();
	const dialog = page.getByRole('dialog', { name: 'Custom Accent Color' });
	const value = dialog.getByLabel('Color Value');
	await value.fill('no colour');
	await value.press('Enter');
	await expect(dialog).toBeVisible();
	await value.fill('#7a3b10');
	await value.press('Enter');
	await expect(dialog).toBeHidden();
	expect(
		await page.evaluate(() => document.documentElement.style.getPropertyValue('--primary'))
	).toBe('#7a3b10');
	await expect(page.getByRole('radio', { name: 'Custom' })).toBeChecked();
});

test('nothing moves where animations are switched off', async ({ browser, pocketId }) => {
	const context = await browser.newContext({ baseURL: pocketId.url, locale: 'en-GB', reducedMotion: 'no-preference' });
	const visitor = await context.newPage();
	await context.addCookies(await page.context().cookies());
	const root = visitor.locator('html');
	/** What is moving now, and what would move between two states. */
	const moving = () =>
		visitor.evaluate(() => ({
			now: document.getAnimations().length,
			between: [...document.querySelectorAll('body *')].filter(
				(element) => getComputedStyle(element).transitionDuration.split(', ').some((time) => time !== '0s')
			).length
		}));
	await visitor.goto('/settings/admin/users');
	await expect(root).toHaveAttribute('data-animations', 'on');
	await visitor.getByRole('button', { name: 'Add User' }).click();
	expect((await moving()).between).toBeGreaterThan(0);

	await page.goto(PATH);
	await page.getByRole('switch', { name: 'Disable Animations' }).click();
	await page.locator('#application-configuration-general').getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Application configuration updated successfully');
	expect(await stored('disableAnimations')).toBe('true');

	await visitor.goto('/settings/admin/users');
	await expect(root).toHaveAttribute('data-animations', 'off');
	await visitor.getByRole('button', { name: 'Add User' }).click();
	await expect(visitor.getByLabel('Username')).toBeVisible();
	expect(await moving()).toEqual({ now: 0, between: 0 });
	const { page: stranger } = await openTab(browser, pocketId.url);
	await stranger.emulateMedia({ reducedMotion: 'no-preference' });
	await stranger.goto('/login');
	await expect(stranger.locator('html')).toHaveAttribute('data-animations', 'off');
	await expect(stranger.getByRole('button', { name: 'Authenticate' })).toBeVisible();
	expect(await stranger.evaluate(() => document.getAnimations().length)).toBe(0);
	await stranger.context().close();
	await context.close();
	await api(page, 'PATCH', '/api/application-configuration', { disableAnimations: 'false' });
	await page.reload();
	await expect(page.locator('html')).toHaveAttribute('data-animations', 'on');
});

test('new users get default groups and claims', async () => {
	await api(page, 'POST', '/api/user-groups', { friendlyName: 'Family', name: 'family' });
	await page.goto(`${PATH}#user-creation`);
	await page.getByRole('combobox', { name: 'User Groups' }).click();
	await page.getByRole('option', { name: 'family' }).click();
	await expect(page.getByRole('option', { name: 'family' })).toHaveAttribute('aria-checked', 'true');
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Add custom claim' }).click();
	await page.getByPlaceholder('Key').fill('level');
	await page.getByPlaceholder('Value').fill('1');
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'User creation settings updated successfully.');
	await photograph(page, 'configuration-users');
	const user = await api<{ id: string; userGroups: { name: string }[] }>(page, 'POST', '/api/users', {
		username: 'child',
		email: 'child@example.com'
	});
	expect(user.userGroups.map((group) => group.name)).toEqual(['family']);
	const { customClaims } = await api<{ customClaims: unknown }>(page, 'GET', `/api/users/${user.id}`);
	expect(customClaims).toEqual([{ key: 'level', value: '1' }]);
	await page.reload();
	await expect(page.getByRole('combobox', { name: 'User Groups' })).toContainText('family');
});

test('the passkey policy is kept', async () => {
	await page.getByRole('tab', { name: 'Passkeys' }).click();
	await page.getByLabel('User verification').click();
	await page.getByRole('option', { name: 'Preferred' }).click();
	await page.getByRole('switch', { name: 'Allow synced passkeys' }).click();
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'Passkey configuration updated successfully');
	expect(await stored('webauthnUserVerification')).toBe('preferred');
	expect(await stored('webauthnAllowSyncedPasskeys')).toBe('false');
});

test('a password goes in and does not come out', async () => {
	await page.getByRole('tab', { name: 'Email' }).click();
	await page.getByLabel('SMTP Host').fill('mail.example.com');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(page.getByText('Host, port and sender belong together')).toHaveCount(2);
	await page.getByLabel('SMTP Port').fill('587');
	await page.getByLabel('SMTP From').fill('id@example.com');
	await page.getByLabel('SMTP Password').fill('a secret of ours');
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'Email configuration updated successfully');
	await page.reload();
	await expect(page.getByLabel('SMTP Password')).toHaveValue('XXXXXXXXXX');
	expect(await page.content()).not.toContain('a secret of ours');
	await page.getByLabel('SMTP User').fill('postman');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'Email configuration updated successfully');
	expect(await stored('smtpPassword')).toBe('XXXXXXXXXX');
	await photograph(page, 'configuration-email');

	// It does not follow to another server by itself.
	const password = page.getByLabel('SMTP Password');
	await page.getByLabel('SMTP Host').fill('mail.example.net');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(password).toHaveAccessibleDescription(/Must be entered again/);
	await expect(password).toBeFocused();
	await expectAccessible(page);
	expect(await stored('smtpHost')).toBe('mail.example.com');
	await password.fill('another secret of ours');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(password).toHaveValue('XXXXXXXXXX');
	expect(await stored('smtpHost')).toBe('mail.example.net');
});

test('how to read a directory is kept, and its password stays inside', async () => {
	await page.getByRole('tab', { name: 'LDAP' }).click();
	await expect(page.getByLabel('User Search Filter')).toHaveValue('(objectClass=person)');
	await page.getByLabel('LDAP URL').fill('http://directory.example.com');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(page.getByText('Enter an address that begins with ldap://, ldaps:// or ldapi://')).toBeVisible();
	await expect(page.getByLabel('LDAP Base DN')).toHaveAttribute('aria-invalid', 'true');
	expect(await stored('ldapUrl')).toBe('');
	const values = {
		'LDAP URL': 'ldaps://directory.example.com:636',
		'LDAP Bind DN': 'cn=reader,dc=example,dc=com',
		'LDAP Bind Password': 'a word of ours',
		'LDAP Base DN': 'dc=example,dc=com',
		'User Unique Identifier Attribute': 'entryUUID',
		'Username Attribute': 'uid',
		'User Mail Attribute': 'mail',
		'User First Name Attribute': 'givenName',
		'Group Unique Identifier Attribute': 'entryUUID',
		'Group RDN Attribute (in DN)': 'cn'
	};
	for (const [label, value] of Object.entries(values)) await page.getByLabel(label).fill(value);
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'LDAP configuration updated successfully');
	await page.reload();
	await expect(page.getByLabel('LDAP Bind Password')).toHaveValue('XXXXXXXXXX');
	await expect(page.getByLabel('LDAP Base DN')).toHaveValue('dc=example,dc=com');
	expect(await page.content()).not.toContain('a word of ours');
	expect(await stored('ldapEnabled')).toBe('false');
	expect(await stored('ldapAttributeGroupMember')).toBe('member');
	await photograph(page, 'configuration-ldap');
});

test('addresses of metadata documents are allowed', async () => {
	await page.getByRole('tab', { name: 'OIDC' }).click();
	await page.getByTestId('cimd-url-allowlist-1').fill('javascript:alert(1)');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(page.getByText('Invalid redirect URL')).toBeVisible();
	await page.getByTestId('cimd-url-allowlist-1').fill('https://*.example.com/client.json');
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'Application configuration updated successfully');
	expect(await stored('cimdUrlAllowlist')).toBe('["https://*.example.com/client.json"]');
	await photograph(page, 'configuration-oidc');
});

test('two administrators do not overwrite each other', async () => {
	await page.goto(PATH);
	await expect(page.getByLabel('Application Name')).toHaveValue('Home ID');
	// Somebody changes something else: this page’s change goes through, and both stay.
	await api(page, 'PATCH', '/api/application-configuration', { emailsVerified: 'true' });
	await page.getByLabel('Application Name').fill('House ID');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'Application configuration updated successfully');
	expect(await stored('emailsVerified')).toBe('true');
	expect(await stored('appName')).toBe('House ID');
	// Somebody changes the same: it is shown, not overwritten.
	await api(page, 'PATCH', '/api/application-configuration', { appName: 'Flat ID' });
	await page.getByLabel('Application Name').fill('Tent ID');
	await page.getByRole('button', { name: 'Save' }).first().click();
	const notice = page.getByTestId('changed-notice');
	await expect(notice).toContainText('Changed by somebody else');
	await expect(page.getByLabel('Application Name')).toHaveValue('Tent ID');
	expect(await stored('appName')).toBe('Flat ID');
	await expectAccessible(page);
	await photograph(page, 'configuration-changed-meanwhile');
	await page.getByRole('button', { name: 'Load current values' }).click();
	await expect(page.getByLabel('Application Name')).toHaveValue('Flat ID');
	await expect(notice).toHaveCount(0);
	// Or one’s own all the same.
	await api(page, 'PATCH', '/api/application-configuration', { appName: 'Boat ID', sessionDuration: '61' });
	await page.getByLabel('Application Name').fill('Tent ID');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await page.getByRole('button', { name: 'Save mine anyway' }).click();
	await expectToast(page, 'Application configuration updated successfully');
	await expect.poll(() => stored('appName')).toBe('Tent ID');
	expect(await stored('sessionDuration')).toBe('61');
	await expect(page.getByLabel('Session Duration')).toHaveValue('61');
});
