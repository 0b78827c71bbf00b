/* What administrators come across besides the main path: what stays while they type, on phones, and between pages. */
import {
	api,
	breakDown,
	createClient,
	expect,
	expectAccessible,
	expectToast,
	openPhone,
	openTab,
	png,
	setUp,
	test,
	useLoginLink,
	watchForBrokenPages,
	type Page
} from '../support/test.js';
import { photograph } from '../support/photograph.js';

test.use({ installation: 'details' });
test.describe.configure({ mode: 'serial' });

let page: Page;
let problems: string[];
let ada: string;

test.beforeAll(async ({ browser, pocketId }) => {
	page = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(page);
	await setUp(page);
	ada = (await api<{ id: string }>(page, 'GET', '/api/users/me')).id;
	for (let n = 10; n < 34; n++) {
		await api(page, 'POST', '/api/users', { username: `user${n}`, email: `user${n}@example.com`, firstName: `User ${n}` });
	}
});

test.afterAll(async () => {
	await page.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

const rows = () => page.getByRole('table').getByRole('row').filter({ has: page.getByRole('cell') });
const saveOf = (card: string) => page.locator(card).getByRole('button', { name: 'Save' });

test('who clears a search that found nothing goes on typing', async () => {
	await page.goto('/settings/admin/users');
	const search = page.getByRole('searchbox', { name: 'Search' });
	await search.fill('nobody at all');
	await expect(page.getByText('Nothing matches your search and filters.')).toBeVisible();
	// The answer to the empty search does not come before the next letters.
	await search.fill('');
	await page.keyboard.type('user2');
	await expect(search).toBeFocused();
	await expect(search).toHaveValue('user2');
	await expect(rows()).toHaveCount(10);

	await search.fill('nobody at all');
	await page.getByRole('button', { name: 'Clear search and filters' }).click();
	await expect(rows()).toHaveCount(20);
	await expect(search).toBeFocused();
});

test('a filter that leaves nothing is taken back where it was chosen', async () => {
	await page.goto('/settings/admin/users');
	await page.getByTestId('facet-status-trigger').click();
	await page.getByTestId('facet-status-option-true').getByRole('checkbox').check();
	await expect(page.getByText('Nothing matches your search and filters.')).toBeVisible();
	await page.getByTestId('facet-status-option-true').getByRole('checkbox').uncheck();
	await expect(rows()).toHaveCount(20);
	await expect(page.getByTestId('facet-status-content')).toBeVisible();
	await page.keyboard.press('Escape');
});

test('a list that could not be read again says so beside what it shows', async () => {
	await page.goto('/settings/admin/users?user-list-search=nobody');
	await expect(page.getByText('Nothing matches your search and filters.')).toBeVisible();
	const repair = await breakDown(page, '/api/users');
	await page.getByRole('searchbox', { name: 'Search' }).fill('');
	const alert = page.getByRole('main').getByRole('alert');
	await expect(alert.getByRole('button', { name: 'Try again' })).toBeVisible();
	await expectAccessible(page);
	await repair();
	await alert.getByRole('button', { name: 'Try again' }).click();
	await expect(rows()).toHaveCount(20);
	await expect(alert).toHaveCount(0);
});

test('a client that acts for itself keeps its column after one that cannot', async () => {
	const shop = await createClient(page, { name: 'Shop', callbackURLs: [] });
	const phone = await createClient(page, { name: 'Phone', callbackURLs: ['https://phone.example/cb'], isPublic: true });
	const { id } = await api<{ id: string }>(page, 'POST', '/api/apis', { name: 'Orders', resource: 'https://orders.example' });
	await api(page, 'PUT', `/api/apis/${id}/permissions`, { permissions: [{ key: 'read', name: 'Read orders' }] });
	const open = async (client: string) => {
		await page.goto(`/settings/admin/oidc-clients/${client}#api-access`);
		await page.getByRole('button', { name: 'Add API' }).click();
		await page.getByRole('dialog', { name: 'Add API' }).getByRole('cell', { name: 'Orders', exact: true }).click();
		return page.getByRole('dialog', { name: 'Orders' });
	};
	let dialog = await open(phone.id);
	await expect(dialog.getByRole('checkbox', { name: 'User-delegated access: Read orders' })).toBeVisible();
	await expect(dialog.getByRole('checkbox', { name: /Client access/ })).toHaveCount(0);
	await dialog.getByRole('checkbox', { name: 'User-delegated access: Read orders' }).click();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(dialog).toHaveCount(0);
	dialog = await open(shop.id);
	await dialog.getByRole('checkbox', { name: 'Client access (M2M): Read orders' }).click();
	// A notification above the dialog is put away without losing what was ticked.
	const path = `/api/apis/${id}/clients/${shop.id}`;
	const repair = await breakDown(page, path);
	await dialog.getByRole('button', { name: 'Save' }).click();
	const failure = page.locator('[data-type="error"]');
	await failure.getByRole('button', { name: 'Dismiss' }).click();
	await expect(failure).toHaveCount(0);
	await expect(dialog.getByRole('checkbox', { name: 'Client access (M2M): Read orders' })).toBeChecked();
	await repair();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(dialog).toHaveCount(0);
	await expect(page.getByRole('columnheader', { name: 'Client access (M2M)' })).toBeVisible();
	// What a dialog's table was searched for is gone with the dialog.
	await page.getByRole('button', { name: 'Add API' }).click();
	const choosing = page.getByRole('dialog', { name: 'Add API' });
	await expect(choosing).toBeVisible();
	expect(page.url()).not.toContain('client-api-selection');
	await page.keyboard.press('Escape');
});

test('registering a refused address beside the form loses nothing typed', async () => {
	const wiki = await createClient(page, { name: 'Wiki', callbackURLs: ['https://wiki.example/old'] });
	await page.goto(
		`/authorize?client_id=${wiki.id}&response_type=code&scope=openid&redirect_uri=${encodeURIComponent('https://wiki.example/new')}`
	);
	await expect(page.getByRole('button', { name: 'Register this URL' })).toBeVisible();
	await page.goto(`/settings/admin/oidc-clients/${wiki.id}`);
	await page.getByLabel('Name', { exact: true }).fill('Wiki of the team');
	await page.getByRole('button', { name: 'Remove URL https://wiki.example/old' }).click();
	await page.getByTestId('refused-authorizations-card').getByRole('button', { name: 'Register this URL' }).click();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Register this URL' }).click();
	await expect(page.getByRole('button', { name: 'Remove URL https://wiki.example/new' })).toBeVisible();
	await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Wiki of the team');
	await expect(page.getByRole('button', { name: /^Remove URL/ })).toHaveCount(1);
	await page.getByRole('switch', { name: 'Requires Re-Authentication' }).click();
	await page.getByRole('switch', { name: 'Skip Consent Screen' }).click();
	await page.getByLabel('Name', { exact: true }).press('Enter');
	await expectToast(page, 'OIDC client updated successfully');
	// Who saves with the keyboard goes on where they were.
	await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
	const stored = await api<Record<string, unknown>>(page, 'GET', `/api/oidc/clients/${wiki.id}`);
	expect(stored).toMatchObject({
		name: 'Wiki of the team',
		callbackURLs: ['https://wiki.example/new'],
		requiresReauthentication: true,
		skipConsent: true
	});
});

test('a secret gets the end that was chosen for it', async () => {
	const job = await createClient(page, { name: 'Job', callbackURLs: [] });
	await page.goto(`/settings/admin/oidc-clients/${job.id}`);
	await page.getByRole('tab', { name: 'Credentials' }).click();
	// The tab is part of the address: reloading finds it again.
	await expect(page).toHaveURL(/#credentials$/);
	await page.reload();
	await expect(page.getByRole('tab', { name: 'Credentials' })).toHaveAttribute('aria-selected', 'true');
	await page.getByLabel('Where it is used').fill('Nightly');
	await page.getByRole('button', { name: /^Expiration/ }).click();
	await page.getByRole('option', { name: '90 days' }).click();
	await page.getByRole('button', { name: 'Add Client Secret' }).click();
	await expectToast(page, 'New client secret created successfully');
	const row = page.getByTestId('client-secret-row').filter({ hasText: 'Nightly' });
	await expect(row).not.toContainText('Never');
	const { credentials } = await api<{ credentials: { secrets: { name: string | null; createdAt: string; expiresAt: string | null }[] } }>(
		page,
		'GET',
		`/api/oidc/clients/${job.id}`
	);
	const made = credentials.secrets.find(({ name }) => name === 'Nightly')!;
	const days = (Date.parse(made.expiresAt!) - Date.parse(made.createdAt)) / 86_400_000;
	expect(Math.round(days)).toBe(90);
});

test('all of a page are selected at once, and those of other pages stay', async () => {
	const { id } = await api<{ id: string }>(page, 'POST', '/api/user-groups', { friendlyName: 'Everybody', name: 'everybody' });
	await page.goto(`/settings/admin/user-groups/${id}#users`);
	const all = page.getByRole('checkbox', { name: 'Select all rows' });
	await all.click();
	await expect(all).toBeChecked();
	await page.getByRole('button', { name: 'Go to next page' }).click();
	await expect(rows()).toHaveCount(5);
	await expect(all).not.toBeChecked();
	await rows().first().getByRole('checkbox').click();
	await expect(all).toHaveAttribute('aria-checked', 'mixed');
	await page.getByRole('tabpanel').getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Users updated successfully');
	const group = await api<{ users: unknown[] }>(page, 'GET', `/api/user-groups/${id}`);
	expect(group.users).toHaveLength(21);
});

test('the words beside a check box choose, and a key for nothing is not made', async () => {
	await page.goto('/settings/admin/api-keys');
	await page.getByRole('button', { name: 'Add API Key' }).click();
	await page.getByLabel('Name').fill('Nothing');
	await page.getByText('All areas', { exact: true }).click();
	await expect(page.getByRole('checkbox', { name: 'All areas' })).not.toBeChecked();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Choose at least one area')).toBeVisible();
	await expect(page.getByRole('checkbox', { name: 'All areas' })).toBeFocused();
	await expectAccessible(page);
	await photograph(page, 'api-key-no-area');
	await page.getByRole('group', { name: 'Areas' }).getByText('Audit Log').click();
	await expect(page.getByRole('checkbox', { name: 'Audit Log' })).toBeChecked();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('dialog', { name: 'API Key Created' })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('row', { name: 'Nothing' })).toContainText('Audit Log');
});

test('the last administrator is not demoted in the form either, and what was typed stays', async () => {
	await page.goto(`/settings/admin/users/${ada}`);
	await page.getByLabel('First name').fill('Augusta');
	await page.getByRole('switch', { name: 'Admin Privileges' }).click();
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(page.locator('[data-type="error"]')).toContainText(/last/i);
	await expect(page.getByLabel('First name')).toHaveValue('Augusta');
	await expect(page.getByRole('switch', { name: 'Admin Privileges' })).not.toBeChecked();
	expect(await api<{ isAdmin: boolean }>(page, 'GET', '/api/users/me')).toMatchObject({ isAdmin: true, firstName: 'Ada' });
});

test('the home page is where people land, and who may not edit themselves cannot', async ({ browser, pocketId }) => {
	const grace = await api<{ id: string }>(page, 'POST', '/api/users', {
		username: 'grace',
		email: 'grace@example.com',
		firstName: 'Grace'
	});
	await page.goto('/settings/admin/application-configuration');
	await page.getByRole('button', { name: /^Home Page/ }).click();
	await page.getByRole('option', { name: 'My Apps' }).click();
	await page.getByRole('switch', { name: 'Enable Self-Account Editing' }).click();
	await saveOf('#application-configuration-general').click();
	await expectToast(page, 'Application configuration updated successfully');

	const { token } = await api<{ token: string }>(page, 'POST', `/api/users/${grace.id}/one-time-access-token`, {});
	const other = (await openTab(browser, pocketId.url)).page;
	await useLoginLink(other, `/lc/${token}`);
	await other.waitForURL(/\/settings\/apps(\?|$)/);
	await other.goto('/settings/account');
	await expect(other.getByLabel('First name')).toBeDisabled();
	await expect(other.getByRole('button', { name: 'Save' }).first()).toBeDisabled();
	await other.context().close();
	await api(page, 'PATCH', '/api/application-configuration', { homePageUrl: '/settings/account', allowOwnAccountEdit: 'true' });
});

test('the followed link keeps the focus, and the menu stays as it was left', async () => {
	await page.goto('/settings/admin/users');
	const menu = page.getByRole('navigation', { name: 'Settings' });
	await menu.getByRole('link', { name: 'User Groups' }).focus();
	await page.keyboard.press('Enter');
	await expect(page).toHaveTitle('User Groups');
	await expect(menu.getByRole('link', { name: 'User Groups' })).toBeFocused();
	await menu.getByRole('button', { name: 'Administration' }).click();
	await expect(menu.getByRole('link', { name: 'User Groups' })).toBeHidden();
	await page.reload();
	await expect(menu.getByRole('button', { name: 'Administration' })).toHaveAttribute('aria-expanded', 'false');
	await menu.getByRole('button', { name: 'Administration' }).click();
	await expect(menu.getByRole('link', { name: 'User Groups' })).toHaveAttribute('aria-current', 'page');
});

test('headings say how a list is sorted', async () => {
	await page.goto('/settings/admin/users');
	const heading = page.getByRole('columnheader', { name: 'Username' });
	await expect(heading).toHaveAttribute('aria-sort', 'none');
	await heading.getByRole('button').click();
	await expect(heading).toHaveAttribute('aria-sort', 'ascending');
	await expect(rows().first()).toContainText('ada@example.com');
	await heading.getByRole('button').click();
	await expect(heading).toHaveAttribute('aria-sort', 'descending');
	await expect(rows().first()).toContainText('user33@example.com');
	await page.reload();
	await expect(heading).toHaveAttribute('aria-sort', 'descending');
	await expect(page.getByRole('columnheader', { name: 'Email' })).toHaveAttribute('aria-sort', 'none');
});

test('permissions of an API are searched and sorted where they are given', async () => {
	const client = await createClient(page, { name: 'Reporter', callbackURLs: [] });
	const { id } = await api<{ id: string }>(page, 'POST', '/api/apis', { name: 'Reports', resource: 'https://reports.example' });
	await api(page, 'PUT', `/api/apis/${id}/permissions`, {
		permissions: [
			{ key: 'read', name: 'Read reports' },
			{ key: 'write', name: 'Write reports' },
			{ key: 'all', name: 'Archive', description: 'Old reports too' }
		]
	});
	await page.goto(`/settings/admin/oidc-clients/${client.id}#api-access`);
	await page.getByRole('button', { name: 'Add API' }).click();
	await page.getByRole('dialog', { name: 'Add API' }).getByRole('cell', { name: 'Reports', exact: true }).click();
	const dialog = page.getByRole('dialog', { name: 'Reports' });
	const names = () => dialog.getByRole('checkbox', { name: /^User-delegated access: / });
	await expect(names()).toHaveCount(3);
	await dialog.getByRole('searchbox', { name: 'Search' }).fill('old');
	await expect(names()).toHaveCount(1);
	await expect(names()).toHaveAccessibleName('User-delegated access: Archive');
	await dialog.getByRole('searchbox', { name: 'Search' }).fill('');
	await expect(names()).toHaveCount(3);
	const sort = dialog.getByRole('columnheader', { name: 'Name' }).getByRole('button');
	await sort.click();
	await expect(names().first()).toHaveAccessibleName('User-delegated access: Archive');
	await sort.click();
	await expect(names().first()).toHaveAccessibleName('User-delegated access: Write reports');
	await page.keyboard.press('Escape');
});

test('every image of the application is its owner’s to choose', async () => {
	const picture = { name: 'own.png', mimeType: 'image/png', buffer: await png(page, 'rebeccapurple', [64, 48]) };
	const card = page.locator('#application-configuration-images');
	await page.goto('/settings/admin/application-configuration');
	for (const label of ['Favicon', 'Dark Mode Logo', 'Email Logo', 'Default Profile Picture']) {
		await card.getByLabel(label, { exact: true }).setInputFiles(picture);
	}
	await card.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Images updated successfully. It may take a few minutes to update.');
	const widthOf = (path: string) =>
		page.evaluate(async (path) => (await createImageBitmap(await (await fetch(path)).blob())).width, path);
	for (const path of ['favicon', 'logo?light=false', 'email', 'default-profile-picture']) {
		expect(await widthOf(`/api/application-images/${path}`), path).toBe(64);
	}
	// Who has no picture of their own has the chosen one, until it is taken away.
	await card.getByRole('button', { name: 'Reset to default Default Profile Picture' }).click();
	await card.getByRole('button', { name: 'Reset to default Dark Mode Logo' }).click();
	await card.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Images updated successfully. It may take a few minutes to update.');
	await expect(card.getByRole('button', { name: /^(Reset|Undo the reset)/ })).toHaveCount(0);
	for (const path of ['default-profile-picture', 'logo?light=false']) {
		const status = await page.evaluate(async (path) => (await fetch(`/api/application-images/${path}`)).status, path);
		expect(status, path).toBe(404);
	}
});

test('nothing sticks out of the page on a phone', async ({ browser, pocketId }) => {
	test.setTimeout(300_000);
	const { token } = await api<{ token: string }>(page, 'POST', `/api/users/${ada}/one-time-access-token`, {});
	const phone = (await openPhone(browser, pocketId.url)).page;
	await useLoginLink(phone, `/lc/${token}`);
	await phone.waitForURL(/\/settings\/account(\?|$)/);
	await phone.setViewportSize({ width: 340, height: 740 });
	await phone.goto('/settings/admin/users');
	for (const [facet, values] of [
		['role', ['true', 'false']],
		['status', ['true', 'false']]
	] as const) {
		await phone.getByTestId(`facet-${facet}-trigger`).click();
		for (const value of values) await phone.getByTestId(`facet-${facet}-option-${value}`).getByRole('checkbox').check();
		await phone.keyboard.press('Escape');
		await expect(phone.getByTestId(`facet-${facet}-trigger`)).toContainText('2');
	}
	const wider = () => phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	const wiki = await createClient(page, {
		name: 'The encyclopaedia of our department',
		callbackURLs: ['https://encyclopaedia.department.corporation.example/oauth/callback/of/a/long/path']
	});
	const client = `/settings/admin/oidc-clients/${wiki.id}`;
	const group = await api<{ id: string }>(page, 'POST', '/api/user-groups', { friendlyName: 'People on phones', name: 'phones' });
	const service = await api<{ id: string }>(page, 'POST', '/api/apis', { name: 'Phones', resource: 'https://phones.example' });
	for (const path of [
		'/settings/account',
		'/settings/apps',
		'/settings/audit-log',
		'/settings/audit-log/global',
		'/settings/admin/users',
		`/settings/admin/users/${ada}`,
		'/settings/admin/user-groups',
		`/settings/admin/user-groups/${group.id}`,
		'/settings/admin/oidc-clients',
		client,
		...['user-groups', 'credentials', 'api-access', 'scim', 'advanced', 'preview'].map((tab) => `${client}#${tab}`),
		'/settings/admin/apis',
		`/settings/admin/apis/${service.id}`,
		'/settings/admin/api-keys',
		'/settings/admin/application-configuration',
		...['user-creation', 'passkeys', 'email', 'ldap', 'oidc'].map((tab) => `/settings/admin/application-configuration#${tab}`)
	]) {
		await phone.goto('about:blank');
		await phone.goto(path);
		await phone.waitForLoadState('networkidle');
		await expect(phone.getByRole('main').getByRole('heading').first()).toBeVisible();
		expect(await wider(), path).toBe(0);
	}
	await phone.goto('/settings/admin/users');
	await photograph(phone, 'filters-on-a-phone');
	await phone.context().close();
});

test('back from one of a kind to another shows that one', async () => {
	const { data } = await api<{ data: { id: string }[] }>(page, 'GET', '/api/users?search=user1&sort[column]=username');
	const group = (name: string) => api<{ id: string }>(page, 'POST', '/api/user-groups', { name, friendlyName: `The ${name}` });
	const groups = [(await group('painters')).id, (await group('singers')).id];
	for (const { list, kind, names, ids } of [
		{ list: 'Users', kind: 'users', names: ['User 10', 'User 11'], ids: data.map(({ id }) => id) },
		{ list: 'User Groups', kind: 'user-groups', names: ['The painters', 'The singers'], ids: groups }
	]) {
		const heading = (n: number) => page.getByRole('heading', { name: names[n]! }).first();
		await page.goto(`/settings/admin/${kind}/${ids[0]}`);
		await expect(heading(0)).toBeVisible();
		await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: list, exact: true }).click();
		await expect(page).toHaveTitle(list);
		await page.goBack();
		await expect(heading(0)).toBeVisible();
		// Within the application, as a link of another page would.
		await page.evaluate((to) => {
			const link = document.createElement('a');
			link.href = to;
			document.body.append(link);
			link.click();
			link.remove();
		}, `/settings/admin/${kind}/${ids[1]}`);
		await expect(heading(1)).toBeVisible();
		await expect(heading(0)).toHaveCount(0);
		await page.goBack();
		await expect(heading(0)).toBeVisible();
		await expect(heading(1)).toHaveCount(0);
	}
});

test('default groups may be named twice, and one that is gone can be taken out', async () => {
	const kept = await api<{ id: string }>(page, 'POST', '/api/user-groups', { name: 'family', friendlyName: 'The family' });
	const gone = '6f1c8a52-8f5d-4a2f-9d7e-2b1a0c9e8d7f';
	await api(page, 'PATCH', '/api/application-configuration', {
		signupDefaultUserGroupIDs: JSON.stringify([kept.id, kept.id, gone])
	});
	await page.goto('/settings/admin/application-configuration#user-creation');
	const card = page.getByRole('tabpanel');
	const chosen = card.getByRole('combobox', { name: /User Groups/ });
	await expect(chosen.getByText('family', { exact: true })).toHaveCount(1);
	await chosen.click();
	await page.getByRole('option', { name: gone }).click();
	await page.keyboard.press('Escape');
	await expect(chosen.getByText(gone)).toHaveCount(0);
	await card.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'User creation settings updated successfully.');
	const settings = await api<{ key: string; value: string }[]>(page, 'GET', '/api/application-configuration/all');
	const value = settings.find(({ key }) => key === 'signupDefaultUserGroupIDs')?.value;
	expect(JSON.parse(value ?? '')).toEqual([kept.id]);
});

test('the button that takes another’s place has its focus', async () => {
	await page.goto('/settings/admin/api-keys');
	await page.getByRole('button', { name: 'Add API Key' }).click();
	const close = page.getByRole('button', { name: 'Close form' });
	await expect(close).toBeFocused();
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: 'Add API Key' })).toBeFocused();

	await page.goto(`/settings/admin/users/${ada}`);
	await page.getByRole('button', { name: 'Add contact details' }).click();
	await expect(page.getByLabel('Phone Number', { exact: true })).toBeFocused();
});

test('a page of what does not exist says so', async () => {
	for (const kind of ['users', 'user-groups', 'apis']) {
		await page.goto(`/settings/admin/${kind}/6f1c8a52-8f5d-4a2f-9d7e-2b1a0c9e8d7f`);
		await expect(page.getByRole('heading', { name: 'Something went wrong' }), kind).toBeVisible();
	}
});

test('a name of one’s own that is taken is refused, and stays in the form', async () => {
	await page.goto('/settings/account');
	const username = page.getByLabel('Username');
	const save = page.getByRole('button', { name: 'Save' }).first();
	await username.fill('a'.repeat(31));
	await save.click();
	await expect(page.getByText('Too long: at most 30 characters')).toBeVisible();
	await expect(username).toBeFocused();
	await username.fill('user12');
	await save.click();
	await expect(page.locator('[data-type="error"]').last()).toHaveText('Username is already in use');
	await expect(username).toHaveValue('user12');
	expect(await api(page, 'GET', '/api/users/me')).toMatchObject({ username: 'ada' });
});
