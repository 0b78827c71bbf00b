/* APIs and permissions: made, given to clients from either side, and found again in tokens. */
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
	watchForBrokenPages,
	type NewClient,
	type Page
} from '../support/test.js';

test.use({ installation: 'apis' });
test.describe.configure({ mode: 'serial' });

let page: Page;
let problems: string[];
let shop: NewClient;
let origin: string;

test.beforeAll(async ({ browser, pocketId }) => {
	origin = pocketId.url;
	page = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(page);
	await setUp(page);
	shop = await createClient(page, { name: 'Shop', callbackURLs: ['http://127.0.0.1:9/cb'] });
	await createClient(page, { name: 'Phone', callbackURLs: ['http://127.0.0.1:9/cb'], isPublic: true });
});

test.afterAll(async () => {
	await page.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

/** What a token the shop gets for itself says. */
async function shopToken(scope: string): Promise<{ status: number; body: Record<string, unknown> }> {
	const answer = await page.request.post('/api/oidc/token', {
		form: {
			grant_type: 'client_credentials',
			client_id: shop.id,
			client_secret: shop.secret!,
			resource: 'https://orders.example',
			scope
		}
	});
	return { status: answer.status(), body: (await answer.json()) as Record<string, unknown> };
}

test('an API is made and named', async () => {
	await page.goto('/settings/admin/users');
	await page.getByRole('link', { name: 'APIs' }).click();
	await expect(page).toHaveTitle('APIs');
	await page.getByRole('button', { name: 'Add API' }).click();
	await page.getByLabel('Name', { exact: true }).fill('Orders');
	await page.getByLabel('Resource').fill('not an address');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Invalid URL')).toBeVisible();
	await page.getByLabel('Resource').fill(origin);
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.locator('[data-type="error"]').last()).toHaveText(
		'Resource is reserved by Pocket ID and cannot be used for a custom API'
	);
	await page.getByLabel('Resource').fill('https://orders.example/');
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'API created successfully');
	await expect(page).toHaveTitle('Orders');
	await expect(page.getByLabel('Resource')).toHaveValue('https://orders.example');
	await expect(page.getByLabel('Resource')).toBeDisabled();
});

test('permissions are written, and faults are told at their row', async () => {
	const card = page.locator('section').filter({ has: page.getByPlaceholder('Permission') });
	await expect(card.getByPlaceholder('Permission')).toHaveCount(1);
	await card.getByPlaceholder('Permission').fill('openid');
	await card.getByPlaceholder('Name', { exact: true }).fill('Nonsense');
	await card.getByRole('button', { name: 'Save' }).click();
	await expect(card.getByRole('alert')).toContainText('Key');
	await card.getByPlaceholder('Permission').fill('orders:read');
	await card.getByPlaceholder('Name', { exact: true }).fill('Read orders');
	await card.getByRole('button', { name: 'Add another' }).click();
	await card.getByPlaceholder('Permission').last().fill('orders:write');
	await card.getByPlaceholder('Name', { exact: true }).last().fill('Change orders');
	await card.getByPlaceholder('Description').last().fill('Also cancels them');
	await card.getByRole('button', { name: 'Add another' }).click();
	await card.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Permissions updated successfully');
	await expect(card.getByPlaceholder('Permission')).toHaveCount(2);
	await expectAccessible(page);
	await card.getByRole('button', { name: 'Expand card' }).click();
	await expect(card.getByPlaceholder('Permission').first()).toBeHidden();
	await page.reload();
	await expect(card.getByPlaceholder('Permission').first()).toHaveValue('orders:read');
});

test('a client is given permissions from the API’s side', async () => {
	expect((await shopToken('orders:read')).body['error']).toBe('access_denied');
	await page.getByRole('button', { name: 'Add client' }).click();
	await page.getByRole('dialog', { name: 'Add client' }).getByRole('row', { name: 'Shop' }).click();
	const dialog = page.getByRole('dialog', { name: 'Shop' });
	await expect(dialog.getByRole('switch', { name: 'User-delegated access' })).toBeChecked();
	await expect(dialog.getByRole('switch', { name: 'Client access (M2M)' })).not.toBeChecked();
	await dialog.getByRole('checkbox', { name: 'Client access (M2M): Read orders' }).check();
	await expect(dialog.getByRole('switch', { name: 'Client access (M2M)' })).toBeChecked();
	await dialog.getByRole('checkbox', { name: 'User-delegated access: Change orders' }).check();
	await expectAccessible(page);
	await photograph(page, 'api-permissions-dialog');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'API access updated successfully');
	const row = page.getByRole('row', { name: 'Shop' });
	await expect(row.getByText('1 / 2 permissions granted')).toHaveCount(2);
	await photograph(page, 'api');
	const token = await shopToken('orders:read');
	expect(token.status).toBe(200);
	expect(token.body['scope']).toBe('orders:read');
	expect((await shopToken('orders:write')).body['error']).toBe('invalid_scope');
});

test('the client’s page shows and takes it away', async () => {
	await page.getByRole('link', { name: 'Shop' }).click();
	await page.getByRole('tab', { name: 'API access' }).click();
	const row = page.getByRole('row', { name: 'https://orders.example' });
	await expect(row.getByText('1 / 2 permissions granted')).toHaveCount(2);
	await row.getByRole('button', { name: 'Edit' }).click();
	const dialog = page.getByRole('dialog', { name: 'Orders' });
	await dialog.getByRole('switch', { name: 'Client access (M2M)' }).click();
	await expect(
		dialog.getByRole('checkbox', { name: 'Client access (M2M): Read orders' })
	).not.toBeChecked();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'API access updated successfully');
	await expect(row).toContainText('No access');
	expect((await shopToken('orders:read')).body['error']).toBe('access_denied');
	await expectAccessible(page);
	await photograph(page, 'client-api-access');
	await row.getByRole('button', { name: 'Revoke' }).click();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
	await expect(page.getByText('This client has not been granted access to any API yet.')).toBeVisible();
	await page.getByRole('button', { name: 'Add API' }).click();
	await page.getByRole('dialog', { name: 'Add API' }).getByRole('row', { name: 'Orders' }).click();
	await page.getByRole('dialog', { name: 'Orders' }).getByRole('button', { name: 'Cancel' }).click();
	await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a public client cannot be given access for itself', async () => {
	const clients = await api<{ data: { id: string; name: string }[] }>(page, 'GET', '/api/oidc/clients');
	const phone = clients.data.find((client) => client.name === 'Phone')!;
	await page.goto(`/settings/admin/oidc-clients/${phone.id}#api-access`);
	await page.getByRole('button', { name: 'Add API' }).click();
	await page.getByRole('dialog', { name: 'Add API' }).getByRole('row', { name: 'Orders' }).click();
	const dialog = page.getByRole('dialog', { name: 'Orders' });
	await expect(dialog.getByRole('switch', { name: 'User-delegated access' })).toBeVisible();
	await expect(dialog.getByRole('switch', { name: 'Client access (M2M)' })).toHaveCount(0);
	await page.keyboard.press('Escape');
});

test('the service behind the API is named, and looks at the tokens it is sent', async () => {
	const service = await createClient(page, { name: 'Orders service', callbackURLs: [] });
	await page.goto('/settings/admin/apis');
	await page.getByRole('row', { name: 'Orders' }).click();
	await page.waitForURL(/\/apis\/[0-9a-f-]{36}/);
	const apiId = page.url().split('/').at(-1)!.split('#')[0]!;
	const listed = await api<{ permissions: { id: string }[] }>(page, 'GET', `/api/apis/${apiId}`);
	await api(page, 'PUT', `/api/apis/${apiId}/clients/${shop.id}`, {
		clientPermissionIds: listed.permissions.map((one) => one.id)
	});
	const { body } = await shopToken('orders:read');
	const seen = async () => {
		const answer = await page.request.post('/api/oidc/introspect', {
			headers: {
				authorization: `Basic ${Buffer.from(`${service.id}:${service.secret!}`).toString('base64')}`
			},
			form: { token: String(body['access_token']) }
		});
		return (await answer.json()) as Record<string, unknown>;
	};
	expect(await seen()).toEqual({ active: false });

	await page.getByRole('tab', { name: 'Served by' }).click();
	await expect(page.getByText('No client runs this API yet.')).toBeVisible();
	await expect(page.getByText('Clients that run this API.')).toBeVisible();
	await page.getByRole('button', { name: 'Add service' }).click();
	const dialog = page.getByRole('dialog', { name: 'Add service' });
	await expect(dialog.getByRole('row', { name: 'Orders service' })).toBeVisible();
	await expect(dialog.getByRole('row', { name: 'Phone' }), 'a public client proves nothing').toHaveCount(0);
	await expectAccessible(page);
	await photograph(page, 'api-server-choice');
	await dialog.getByRole('row', { name: 'Orders service' }).click();
	await expectToast(page, 'API access updated successfully');
	await expect(page.getByRole('link', { name: 'Orders service' })).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'api-servers');
	expect(await seen()).toMatchObject({ active: true, client_id: shop.id, scope: 'orders:read' });

	await page.reload();
	await page.getByRole('button', { name: 'Remove Orders service' }).click();
	const question = page.getByRole('alertdialog', { name: 'Remove Orders service' });
	await expect(question).toContainText('can no longer look at or exchange tokens for Orders');
	await question.getByRole('button', { name: 'Revoke' }).click();
	await expect(page.getByText('No client runs this API yet.')).toBeVisible();
	expect(await seen()).toEqual({ active: false });
});

test('clients that describe themselves are allowed together, and the API is deleted', async () => {
	await page.goto('/settings/admin/apis');
	await page.getByRole('row', { name: 'Orders' }).click();
	await page.getByRole('tab', { name: 'Metadata document clients' }).click();
	await page.getByRole('switch', { name: 'Allow all metadata document clients' }).click();
	await page.getByRole('checkbox', { name: 'Read orders' }).check();
	await page.getByRole('tabpanel').getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'API access updated successfully');
	await page.reload();
	await expect(page.getByRole('checkbox', { name: 'Read orders' })).toBeChecked();
	await expect(page.getByRole('checkbox', { name: 'Change orders' })).not.toBeChecked();
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Back' }).click();
	const row = page.getByRole('row', { name: 'Orders' });
	await expect(row).toContainText('Enabled');
	await row.getByRole('button').click();
	await page.getByRole('menuitem', { name: 'Delete' }).click();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
	await expectToast(page, 'API deleted successfully');
	await expect(page.getByText('No items found')).toBeVisible();
});

test('faults of permissions are told at their fields, and go with their row', async () => {
	const { id } = await api<{ id: string }>(page, 'POST', '/api/apis', { name: 'Stock', resource: 'https://stock.example' });
	await page.goto(`/settings/admin/apis/${id}`);
	const card = page.locator('section').filter({ has: page.getByPlaceholder('Permission') });
	const field = (name: string) => card.getByRole('textbox', { name, exact: true });
	await field('Permission 1').fill('openid');
	await card.getByRole('button', { name: 'Add another' }).click();
	await field('Permission 2').fill('stock:read');
	await card.getByRole('button', { name: 'Save' }).click();
	await expect(field('Permission 1')).toHaveAccessibleDescription('Key is reserved');
	await photograph(page, 'permissions-refused');
	await expect(field('Permission 1')).toBeFocused();
	await expect(field('Label 1')).toHaveAccessibleDescription('Name is required');
	await expect(field('Permission 2')).toHaveAttribute('aria-invalid', 'false');
	await expect(field('Label 2')).toHaveAttribute('aria-invalid', 'true');
	await expectAccessible(page);
	await card.getByRole('button', { name: 'Delete' }).first().click();
	await expect(card.getByRole('alert')).toHaveCount(0);
	await field('Label 1').fill('Read stock');
	await card.getByRole('button', { name: 'Add another' }).click();
	await field('Permission 2').fill('stock:write');
	await field('Label 2').fill('Change stock');
	await card.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Permissions updated successfully');
});

test('a permission deleted beside its grants is no change of somebody else', async () => {
	const card = page.locator('section').filter({ has: page.getByPlaceholder('Permission') });
	await page.getByRole('tab', { name: 'Metadata document clients' }).click();
	await page.getByRole('switch', { name: 'Allow all metadata document clients' }).click();
	await page.getByRole('checkbox', { name: 'Read stock' }).check();
	await page.getByRole('tabpanel').getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'API access updated successfully');
	await card.getByRole('button', { name: 'Delete' }).first().click();
	await card.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('checkbox', { name: 'Read stock' })).toHaveCount(0);
	await page.getByRole('checkbox', { name: 'Change stock' }).check();
	await page.getByRole('tabpanel').getByRole('button', { name: 'Save' }).click();
	const id = new URL(page.url()).pathname.split('/').pop()!;
	const granted = async () => {
		const { permissions } = await api<{ permissions: { key: string; allowedForCimdClients: boolean }[] }>(page, 'GET', `/api/apis/${id}`);
		return permissions.map((one) => [one.key, one.allowedForCimdClients]);
	};
	await expect.poll(granted).toEqual([['stock:write', true]]);
	await expect(page.getByTestId('changed-notice')).toHaveCount(0);
});

test('what a client was granted follows the permissions the cards beside it save', async () => {
	const { id } = await api<{ id: string }>(page, 'POST', '/api/apis', { name: 'Shelves', resource: 'https://shelves.example' });
	const { permissions } = await api<{ permissions: { id: string }[] }>(page, 'PUT', `/api/apis/${id}/permissions`, {
		permissions: [
			{ key: 'shelves:read', name: 'Read shelves' },
			{ key: 'shelves:write', name: 'Fill shelves' }
		]
	});
	await api(page, 'PUT', `/api/apis/${id}/clients/${shop.id}`, { clientPermissionIds: permissions.map((one) => one.id) });
	await page.goto(`/settings/admin/apis/${id}`);
	const row = page.getByRole('row', { name: 'Shop' });
	await expect(row).toContainText('2 / 2 permissions granted');
	const card = page.locator('section').filter({ has: page.getByPlaceholder('Permission') });
	await card.getByRole('button', { name: 'Delete' }).first().click();
	await card.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Permissions updated successfully');
	await expect(row).toContainText('1 / 1 permissions granted');

	await page.getByRole('tab', { name: 'Metadata document clients' }).click();
	await page.getByRole('switch', { name: 'Allow all metadata document clients' }).click();
	const listed = page.waitForResponse((response) => new URL(response.url()).pathname === `/api/apis/${id}/clients`);
	await page.getByRole('tabpanel').getByRole('button', { name: 'Save' }).click();
	expect((await listed).status()).toBe(200);
});
