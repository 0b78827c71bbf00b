/* Lists: filters, columns, pages, what an address keeps, what a failed request leaves, and choosing by keyboard. */
import { photograph } from '../support/photograph.js';
import {
	api,
	breakDown,
	createClient,
	expect,
	expectAccessible,
	hold,
	openTab,
	setUp,
	test,
	useLoginLink,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'lists' });
test.describe.configure({ mode: 'serial' });

let page: Page;
let problems: string[];

test.beforeAll(async ({ browser, pocketId }) => {
	page = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(page);
	await setUp(page);
	// More than one page of everything.
	for (let n = 10; n < 34; n++) {
		await api(page, 'POST', '/api/users', { username: `user${n}`, email: `user${n}@example.com`, firstName: `User ${n}` });
		await api(page, 'POST', '/api/oidc/clients', { name: `App ${n}`, launchURL: `https://app${n}.example.com` });
	}
	await api(page, 'POST', '/api/users', { username: 'left', email: 'left@example.com', disabled: true });
});

test.afterAll(async () => {
	await page.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

/** The rows of the one table of a page, without its head. */
const rows = () => page.getByRole('table').getByRole('row').filter({ has: page.getByRole('cell') });
const pager = () => page.getByRole('navigation', { name: /^pagination/ });
const tryAgain = () => page.getByRole('main').getByRole('button', { name: 'Try again' });

test('pages are turned, their size is chosen, and both are found again', async () => {
	await page.goto('/settings/admin/users');
	await expect(rows()).toHaveCount(20);
	await expect(pager().getByRole('button', { name: 'Go to previous page' })).toBeDisabled();
	await pager().getByRole('button', { name: 'Go to next page' }).click();
	await expect(rows()).toHaveCount(6);
	await expect(page).toHaveURL(/user-list-page=2/);
	await page.reload();
	await expect(pager().getByRole('button', { name: '2' })).toHaveAttribute('aria-current', 'page');
	await expect(rows()).toHaveCount(6);
	await expect(pager().getByRole('button', { name: 'Go to next page' })).toBeDisabled();
	await pager().getByRole('button', { name: '1' }).click();
	await expect(rows()).toHaveCount(20);

	await page.getByRole('button', { name: /^Items per page/ }).click();
	await page.getByRole('option', { name: '50' }).click();
	await expect(rows()).toHaveCount(26);
	await expect(pager().getByRole('button', { name: 'Go to next page' })).toBeDisabled();
	await page.reload();
	await expect(rows()).toHaveCount(26);
});

test('the browser’s way back finds a list as it was left', async () => {
	for (const [path, id, sort, name] of [
		['/settings/admin/users', 'user-list', 'username', /user3\d@example/],
		['/settings/admin/oidc-clients', 'oidc-client-list', 'name', /App 3\d/]
	] as const) {
		await page.goto(`${path}?${id}-search=3&${id}-sort=-${sort}&${id}-limit=20`);
		await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('3');
		await expect(rows().first()).toContainText(name);
		const before = await rows().allInnerTexts();
		await page.getByRole('row', { name }).first().click();
		await expect(page.getByRole('button', { name: 'Back' }).or(page.getByRole('link', { name: 'Back' })).first()).toBeVisible();
		await page.goBack();
		await expect(page).toHaveURL(new RegExp(`${id}-search=3`));
		await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('3');
		await expect.poll(() => rows().allInnerTexts()).toEqual(before);
	}
	await page.goto('/settings/audit-log/global?audit-log-list-admin-sort=createdAt&audit-log-list-admin-page=2');
	await expect(pager().getByRole('button', { name: 'Go to previous page' })).toBeEnabled();
	const before = await rows().allInnerTexts();
	await page.getByRole('link', { name: 'My Apps' }).click();
	await expect(page).toHaveTitle('My Apps');
	await page.goBack();
	await expect(page).toHaveURL(/audit-log-list-admin-page=2/);
	await expect.poll(() => rows().allInnerTexts()).toEqual(before);
	await page.goto('/settings/admin/users?user-list-limit=50');
	await expect(rows()).toHaveCount(26);
});

test('facets narrow a list and are found again', async () => {
	await page.getByTestId('facet-status-trigger').click();
	const status = page.getByRole('dialog', { name: 'Status' });
	await status.getByRole('checkbox', { name: 'Disabled' }).check();
	await expect(rows()).toHaveCount(1);
	await expect(rows()).toContainText('left@example.com');
	// The list of values stays open, and several of them are alternatives.
	await status.getByRole('checkbox', { name: 'Enabled' }).check();
	await expect(rows()).toHaveCount(26);
	await status.getByRole('checkbox', { name: 'Enabled' }).uncheck();
	await expect(rows()).toHaveCount(1);
	await expectAccessible(page);
	await photograph(page, 'facets');
	await page.keyboard.press('Escape');
	await page.getByTestId('facet-role-trigger').click();
	await page.getByRole('dialog', { name: 'Role' }).getByRole('checkbox', { name: 'Admin' }).check();
	await expect(page.getByText('Nothing matches your search and filters.')).toBeVisible();
	await page.reload();
	await expect(page.getByTestId('facet-status-trigger')).toContainText('Disabled');
	await expect(page.getByTestId('facet-role-trigger')).toContainText('Admin');
	await expect(page.getByText('Nothing matches your search and filters.')).toBeVisible();

	await page.getByTestId('facet-role-trigger').click();
	await page.getByRole('button', { name: 'Clear Filters' }).click();
	await expect(rows()).toHaveCount(1);
	await expect(page.getByRole('button', { name: 'Clear Filters' })).toHaveCount(0);
	await page.keyboard.press('Escape');
	await page.getByRole('searchbox', { name: 'Search' }).fill('nobody');
	await page.getByRole('button', { name: 'Clear search and filters' }).click();
	await expect(rows()).toHaveCount(26);
	await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('');
});

test('columns are chosen, and are found again', async () => {
	const column = (name: string) => page.getByRole('columnheader', { name, exact: true });
	await expect(column('ID')).toHaveCount(0);
	await page.getByRole('button', { name: 'View' }).click();
	await expect(page.getByRole('menu').getByText('Toggle columns')).toBeVisible();
	const item = (name: string) => page.getByRole('menuitemcheckbox', { name, exact: true });
	await expect(item('Email')).toBeChecked();
	await item('ID').click();
	await item('Email').click();
	await expect(item('ID')).toBeChecked();
	await expect(item('Email')).not.toBeChecked();
	await page.keyboard.press('Escape');
	await expect(column('ID')).toBeVisible();
	await expect(column('Email')).toHaveCount(0);
	await page.reload();
	await expect(column('ID')).toBeVisible();
	await expect(column('Email')).toHaveCount(0);
});

test('a list that cannot be had says so, and is tried again', async () => {
	const repair = await breakDown(page, '/api/users');
	await page.reload();
	await expect(page.getByText('This list could not be loaded')).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'list-failed');
	await tryAgain().click();
	await expect(page.getByText('This list could not be loaded')).toBeVisible();
	await repair();
	await tryAgain().click();
	await expect(rows()).toHaveCount(26);
	await expect(page.getByText('This list could not be loaded')).toHaveCount(0);

	// What was there before stays, with the reason it is not newer.
	const repairAgain = await breakDown(page, '/api/users');
	await page.getByRole('button', { name: 'Username' }).click();
	await expect(page.getByRole('main').getByRole('alert')).toBeVisible();
	await expect(rows()).toHaveCount(26);
	await repairAgain();
	await page.getByRole('button', { name: 'Username' }).click();
	await expect(page.getByRole('main').getByRole('alert')).toHaveCount(0);
});

test('a list that arrives late keeps nobody from leaving', async () => {
	const list = await hold(page, (url) => url.pathname === '/api/users');
	await page.goto('/settings/admin/users');
	const link = page.getByRole('link', { name: 'User Groups' });
	await expect(link).toBeVisible();
	const nextPage = await hold(page, (url) => url.pathname.startsWith('/_app/immutable/'));
	await link.click();
	await list();
	await expect(rows()).toHaveCount(26);
	await nextPage();
	await expect(page).toHaveTitle('User Groups');
});

test('another filter of the audit log begins at its first page', async () => {
	await page.goto('/settings/audit-log/global?audit-log-list-admin-page=2');
	await expect(pager().getByRole('button', { name: '2', exact: true })).toHaveAttribute('aria-current', 'page');
	await page.getByRole('combobox', { name: 'Event:' }).click();
	await page.getByRole('option', { name: 'User Created' }).click();
	await expect(page).toHaveURL(/audit-log-list-admin-page=1/);
	await expect(pager().getByRole('button', { name: '1', exact: true })).toHaveAttribute('aria-current', 'page');
	await expect(rows()).toHaveCount(20);
});

test('filters that cannot be had say so, and are tried again', async () => {
	const repair = await breakDown(page, '/api/audit-logs/filters/client-names');
	await page.goto('/settings/audit-log/global');
	const alert = page.getByRole('main').getByRole('alert');
	await expect(alert).toContainText('The choices of the filters could not be loaded');
	await expect(rows()).toHaveCount(20);
	await expectAccessible(page);
	await photograph(page, 'filters-failed');
	await repair();
	await tryAgain().click();
	await expect(alert).toHaveCount(0);
	await page.getByRole('combobox', { name: 'Client:' }).click();
	await expect(page.getByRole('option', { name: 'App 10', exact: true })).toBeVisible();
	await page.keyboard.press('Escape');
});

test('the people of the audit log are searched on the server', async () => {
	const trigger = page.getByRole('combobox', { name: /^User:/ });
	const search = page.getByRole('combobox', { name: 'Search', exact: true });
	const repair = await breakDown(page, '/api/audit-logs/filters/users');
	await page.goto('/settings/audit-log/global');
	await expect(rows()).toHaveCount(20);
	await trigger.click();
	const alert = page.getByRole('dialog', { name: 'User' }).getByRole('alert');
	await expect(alert).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'filter-user-failed');
	await repair();
	await alert.getByRole('button', { name: 'Try again' }).click();
	await expect(alert).toHaveCount(0);
	await expect(page.getByRole('option').first()).toHaveText('All Users');
	await expect(page.getByRole('option', { name: 'ada', exact: true })).toBeVisible();

	await expect(search).toBeFocused();
	await page.keyboard.type('nobody of the kind');
	await expect(page.getByRole('option')).toHaveText(['No items found']);
	await search.fill('AD');
	await expect(page.getByRole('option')).toHaveText(['ada']);
	await page.keyboard.press('Enter');
	await expect(trigger).toHaveAccessibleName('User: ada');
	await expect(page).toHaveURL(/userID=/);
	await expect(rows().first()).toContainText('ada');

	// The address alone brings the name back.
	await page.reload();
	await expect(trigger).toHaveAccessibleName('User: ada');
	await trigger.click();
	await expect(page.getByRole('option', { name: 'ada', exact: true })).toHaveAttribute('aria-selected', 'true');
	await page.getByRole('option', { name: 'All Users' }).click();
	await expect(trigger).toHaveAccessibleName('User: All Users');
	await expect(page).not.toHaveURL(/userID=/);
});

test('one of many is chosen with the keyboard alone', async () => {
	const trigger = page.getByRole('combobox', { name: 'Event:' });
	const search = page.getByRole('combobox', { name: 'Search', exact: true });
	const options = page.getByRole('option');
	/** The option the keyboard is on. */
	const active = async () => {
		const id = await search.getAttribute('aria-activedescendant');
		return id === null ? null : page.locator(`[id="${id}"]`).innerText();
	};
	await trigger.focus();
	await page.keyboard.press('ArrowDown');
	await expect(search).toBeFocused();
	expect(await options.evaluateAll((all) => all.filter((one) => (one as HTMLElement).tabIndex >= 0).length)).toBe(0);
	const labels = (await options.allInnerTexts()).map((label) => label.trim());
	expect(labels[0]).toBe('All Events');
	await expect.poll(active).toBe('All Events');
	await page.keyboard.press('ArrowDown');
	await expect.poll(active).toBe(labels[1]);
	await page.keyboard.press('ArrowUp');
	await page.keyboard.press('ArrowUp');
	await expect.poll(active).toBe(labels.at(-1));
	await page.keyboard.press('Home');
	await expect.poll(active).toBe(labels[0]);
	await page.keyboard.press('End');
	await expect.poll(active).toBe(labels.at(-1));
	await expect(options.last()).toBeInViewport();
	await expectAccessible(page);

	// What was found first is where the keyboard is.
	await page.keyboard.type('passkey r');
	await expect.poll(active).toBe('Passkey Removed');
	await page.keyboard.press('Escape');
	await expect(search).toHaveCount(0);
	await expect(trigger).toBeFocused();
	await expect(trigger).toHaveAccessibleName('Event: All Events');

	await page.keyboard.press('Enter');
	await page.keyboard.type('nothing of the kind');
	await expect.poll(active).toBe('No items found');
	await page.keyboard.press('Enter');
	await expect(search).toBeFocused();
	await search.fill('client cr');
	await page.keyboard.press('Enter');
	await expect(trigger).toHaveAccessibleName('Event: Client Created');
	await expect(trigger).toBeFocused();
	await expect(page).toHaveURL(/event=CLIENT_CREATED/);

	// Tab goes on from the button.
	await page.keyboard.press('ArrowUp');
	await expect.poll(active).toBe('Client Created');
	await page.keyboard.press('Tab');
	await expect(search).toHaveCount(0);
	await expect(page.getByRole('button', { name: /^Location:/ })).toBeFocused();
});

test('several of many are chosen with the keyboard alone', async () => {
	for (const name of ['cooks', 'gardeners', 'painters']) {
		await api(page, 'POST', '/api/user-groups', { friendlyName: name, name });
	}
	await page.goto('/settings/admin/application-configuration#user-creation');
	const field = page.getByRole('combobox', { name: 'User Groups' });
	await field.focus();
	await page.keyboard.press('Enter');
	await expect(page.getByRole('combobox', { name: 'Search', exact: true })).toBeFocused();
	await page.keyboard.type('gard');
	await expect(page.getByRole('option')).toHaveText(['gardeners']);
	await page.keyboard.press('Enter');
	const option = (name: string) => page.getByRole('option', { name });
	await expect(option('gardeners')).toHaveAttribute('aria-checked', 'true');
	await page.getByRole('combobox', { name: 'Search', exact: true }).fill('');
	await expect(page.getByRole('option')).toHaveCount(3);
	await page.keyboard.press('End');
	await page.keyboard.press('Enter');
	await expect(option('painters')).toHaveAttribute('aria-checked', 'true');
	await expectAccessible(page);
	await photograph(page, 'group-select');
	await page.keyboard.press('Enter');
	await expect(option('painters')).toHaveAttribute('aria-checked', 'false');
	await page.keyboard.press('Escape');
	await expect(field).toBeFocused();
	await expect(field).toHaveText('gardeners');

	const repair = await breakDown(page, '/api/user-groups');
	await page.reload();
	await field.click();
	const again = page.getByRole('dialog', { name: 'User Groups' }).getByRole('button', { name: 'Try again' });
	await expect(again).toBeVisible();
	await repair();
	await again.click();
	await expect(page.getByRole('option')).toHaveCount(3);
	await page.keyboard.press('Escape');
});

test('My Apps keeps its page, shows what has no address, and recovers from failure', async ({ pocketId }) => {
	await page.goto('/settings/apps');
	const cards = page.getByRole('article');
	await expect(cards).toHaveCount(20);
	await expect(page).toHaveURL('/settings/apps');
	await pager().getByRole('button', { name: 'Go to next page' }).click();
	await expect(cards).toHaveCount(4);
	await expect(page).toHaveURL('/settings/apps?my-apps-page=2');
	await page.reload();
	await expect(cards).toHaveCount(4);
	await expectAccessible(page);
	// An answer that comes late is not what was asked for last.
	const asked = (url: URL, wanted: string) =>
		url.pathname === '/api/oidc/users/me/clients' && url.searchParams.get('pagination[page]') === wanted;
	const first = await hold(page, (url) => asked(url, '1'));
	await pager().getByRole('button', { name: '1', exact: true }).click();
	const second = page.waitForResponse((response) => asked(new URL(response.url()), '2'));
	await pager().getByRole('button', { name: '2', exact: true }).click();
	await second;
	const late = page.waitForResponse((response) => asked(new URL(response.url()), '1'));
	await first();
	await (await late).finished();
	await expect(cards).toHaveCount(4);
	await expect(page).toHaveURL('/settings/apps?my-apps-page=2');

	const tv = await createClient(page, { name: 'Television', callbackURLs: [] });
	const started = (await (
		await fetch(`${pocketId.url}/api/oidc/device/authorize`, {
			method: 'POST',
			body: new URLSearchParams({ client_id: tv.id, client_secret: tv.secret ?? '', scope: 'openid' })
		})
	).json()) as { user_code: string };
	await api(page, 'POST', `/api/oidc/device/verify?code=${started.user_code}`);
	await page.reload();
	await page.getByRole('button', { name: 'Show all apps (1)' }).click();
	await expect(page.getByRole('article', { name: 'Television' })).toBeVisible();
	await expect(page).toHaveURL('/settings/apps?my-apps-page=2&more-apps-page=1');
	await page.reload();
	await expect(page.getByRole('article', { name: 'Television' })).toBeVisible();
	await expect(cards).toHaveCount(5);
	await photograph(page, 'apps-more');
	// As if there were more than a page of those too: each pager has a name of its own.
	const hidden = (url: URL) => url.pathname === '/api/oidc/users/me/authorized-clients';
	await page.route(hidden, async (route) => {
		const response = await route.fetch();
		const body = (await response.json()) as { pagination: Record<string, number> };
		await route.fulfill({ response, json: { ...body, pagination: { ...body.pagination, totalPages: 2 } } });
	});
	await page.reload();
	await expect(page.getByRole('navigation', { name: 'pagination: My Apps', exact: true })).toBeVisible();
	await expect(page.getByRole('navigation', { name: 'pagination: Apps without an address', exact: true })).toBeVisible();
	await expect(pager()).toHaveCount(2);
	await expectAccessible(page);
	await page.unroute(hidden);
	await page.reload();
	await page.getByRole('button', { name: 'Hide all apps (1)' }).click();
	await expect(cards).toHaveCount(4);
	await expect(page).toHaveURL('/settings/apps?my-apps-page=2');

	const repair = await breakDown(page, '/api/oidc/users/me/clients');
	await page.reload();
	await expect(page.getByText('This list could not be loaded')).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'apps-failed');
	await repair();
	await tryAgain().click();
	await expect(cards).toHaveCount(4);
});

test('hidden apps are offered where no other are', async ({ browser, pocketId }) => {
	const { page: hers } = await openTab(browser, pocketId.url);
	const { data } = await api<{ data: { id: string; username: string }[] }>(page, 'GET', '/api/users?search=user10');
	const user = data.find(({ username }) => username === 'user10')!;
	const { token } = await api<{ token: string }>(page, 'POST', `/api/users/${user.id}/one-time-access-token`, {});
	await useLoginLink(hers, `/lc/${token}`);
	await hers.waitForURL('/settings/account');
	const recorder = await createClient(page, { name: 'Recorder', callbackURLs: [] });
	const started = (await (
		await fetch(`${pocketId.url}/api/oidc/device/authorize`, {
			method: 'POST',
			body: new URLSearchParams({ client_id: recorder.id, client_secret: recorder.secret ?? '', scope: 'openid' })
		})
	).json()) as { user_code: string };
	await api(hers, 'POST', `/api/oidc/device/verify?code=${started.user_code}`);
	// What has an address is for a group she is not in.
	const clients = await api<{ data: { id: string }[] }>(page, 'GET', '/api/oidc/clients?pagination[limit]=100&search=App');
	for (const { id } of clients.data) {
		const client = await api<Record<string, unknown>>(page, 'GET', `/api/oidc/clients/${id}`);
		await api(page, 'PUT', `/api/oidc/clients/${id}`, { ...client, isGroupRestricted: true });
	}
	await hers.goto('/settings/apps');
	await hers.getByRole('button', { name: 'Show hidden apps' }).click();
	await expect(hers.getByRole('article', { name: 'Recorder' })).toBeVisible();
	await expectAccessible(hers);
	await hers.context().close();
});
