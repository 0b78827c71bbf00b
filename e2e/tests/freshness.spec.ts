/* What opens a way in wants a fresh passkey: each such action asks for it once, and then succeeds. */
import type { Route } from '@playwright/test';
import { changeRow } from '../support/database.js';
import { api, expect, expectToast, openTab, setUp, test, watchForBrokenPages, type Page, type PocketId } from '../support/test.js';

test.use({ installation: 'freshness' });
test.describe.configure({ mode: 'serial' });

let page: Page;
let problems: string[];

test.beforeAll(async ({ browser, pocketId }) => {
	page = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(page);
	await setUp(page);
	await api(page, 'PATCH', '/api/application-configuration', { allowRecoveryCodes: 'true' });
	await api(page, 'POST', '/api/users', { username: 'grace', email: 'grace@example.com', firstName: 'Grace' });
});

test.afterAll(async () => {
	await page.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

interface Action {
	what: string;
	method: string;
	/** What it sends its request to. */
	path: RegExp;
	/** The page it is done on. */
	start: string;
	act: (pocketId: PocketId) => Promise<void>;
	/** Seen once it has succeeded. */
	done: () => Promise<void>;
}

const card = (heading: string) => page.locator('section', { has: page.getByRole('heading', { name: heading, exact: true }) });

const ACTIONS: Action[] = [
	{
		what: 'an API key',
		method: 'POST',
		path: /\/api\/api-keys$/,
		start: '/settings/admin/api-keys',
		act: async () => {
			await page.getByRole('button', { name: 'Add API Key' }).click();
			await page.getByLabel('Name').fill('Terraform');
			await page.getByRole('button', { name: 'Save' }).click();
		},
		done: () => expect(page.getByRole('dialog', { name: 'API Key Created' })).toBeVisible()
	},
	{
		what: 'an API key once more',
		method: 'POST',
		path: /\/api\/api-keys\/[0-9a-f-]{36}\/renew$/,
		start: '/settings/admin/api-keys',
		act: async (pocketId) => {
			changeRow(pocketId, "UPDATE api_keys SET expires_at = 1767225600000 WHERE name = 'Terraform'");
			await page.reload();
			await page.getByRole('row', { name: 'Terraform' }).getByRole('button').click();
			await page.getByRole('menuitem', { name: 'Renew' }).click();
			await page.getByRole('dialog', { name: 'Renew API Key' }).getByRole('button', { name: 'Renew' }).click();
		},
		done: () => expect(page.getByRole('dialog', { name: 'API key renewed' })).toBeVisible()
	},
	{
		what: 'a login code of one’s own',
		method: 'POST',
		path: /\/one-time-access-token$/,
		start: '/settings/account',
		act: () => card('Login Code').getByRole('button', { name: 'Create' }).click(),
		done: () => expect(page.getByRole('dialog', { name: 'Login Code' })).toBeVisible()
	},
	{
		what: 'a login code for somebody else',
		method: 'POST',
		path: /\/one-time-access-token$/,
		start: '/settings/admin/users',
		act: async () => {
			await page.getByRole('row', { name: 'grace@example.com' }).getByRole('button').click();
			await page.getByRole('menuitem', { name: 'Login Code' }).click();
			await page.getByRole('dialog', { name: 'Login Code' }).getByRole('button', { name: 'Show Code' }).click();
		},
		done: () => expect(page.getByTestId('login-code-link')).toBeVisible()
	},
	{
		what: 'recovery codes',
		method: 'POST',
		path: /\/recovery-codes$/,
		start: '/settings/account',
		act: () => card('Recovery Codes').getByRole('button', { name: 'Create' }).click(),
		done: () => expect(page.getByTestId('recovery-codes').getByRole('listitem')).toHaveCount(10)
	},
	{
		what: 'another address of one’s own',
		method: 'PUT',
		path: /\/api\/users\/me$/,
		start: '/settings/account',
		act: async () => {
			await page.getByLabel('Email').fill('countess@example.com');
			await page.getByRole('button', { name: 'Save' }).first().click();
		},
		done: async () => {
			await expectToast(page, 'Account details updated successfully');
			expect((await api<{ email: string }>(page, 'GET', '/api/users/me')).email).toBe('countess@example.com');
		}
	},
	{
		what: 'a passkey',
		method: 'GET',
		path: /\/api\/webauthn\/register\/start$/,
		start: '/settings/account',
		act: () => page.getByRole('button', { name: 'Add Passkey' }).click(),
		done: () => expect(page.getByRole('dialog', { name: 'Name Passkey' })).toBeVisible()
	},
	{
		what: 'another administrator',
		method: 'PUT',
		path: /\/api\/users\/[0-9a-f-]{36}$/,
		start: '/settings/admin/users',
		act: async () => {
			await page.getByRole('row', { name: 'grace@example.com' }).click();
			await page.getByRole('switch', { name: 'Admin Privileges' }).click();
			await page.getByRole('button', { name: 'Save' }).first().click();
		},
		done: async () => {
			await expectToast(page, 'User updated successfully');
			const { data } = await api<{ data: { username: string; isAdmin: boolean }[] }>(page, 'GET', '/api/users');
			expect(data.find(({ username }) => username === 'grace')?.isAdmin).toBe(true);
		}
	},
	{
		what: 'letting somebody in again',
		method: 'PUT',
		path: /\/api\/users\/[0-9a-f-]{36}$/,
		start: '/settings/admin/users',
		act: async (pocketId) => {
			changeRow(pocketId, "UPDATE users SET disabled = true WHERE username = 'grace'");
			await page.reload();
			await page.getByRole('row', { name: 'grace@example.com' }).getByRole('button').click();
			await page.getByRole('menuitem', { name: 'Enable' }).click();
		},
		done: async () => {
			await expectToast(page, 'User has been enabled successfully.');
			const { data } = await api<{ data: { username: string; disabled: boolean }[] }>(page, 'GET', '/api/users');
			expect(data.find(({ username }) => username === 'grace')?.disabled).toBe(false);
		}
	},
	{
		what: 'letting everybody register clients',
		method: 'PUT',
		path: /\/api\/oidc\/registration-policy$/,
		start: '/settings/admin/application-configuration#oidc',
		act: async () => {
			const registration = page.getByTestId('registration-card');
			await registration.getByRole('button', { name: 'Who may register clients' }).click();
			await page.getByRole('option', { name: 'Everybody' }).click();
			await registration.getByRole('button', { name: 'Apply', exact: true }).click();
			await page.getByRole('alertdialog').getByRole('button', { name: 'Open registration' }).click();
		},
		done: async () => {
			await expectToast(page, 'Registration policy saved');
			expect((await api<{ mode: string }>(page, 'GET', '/api/oidc/registration-policy')).mode).toBe('open');
		}
	}
];

for (const { what, method, path, start, act, done } of ACTIONS) {
	test(`${what}: the passkey is asked for once, and then it is done`, async ({ pocketId }) => {
		await page.goto(start);
		let sent = 0;
		const proofs: number[] = [];
		page.on('response', (response) => {
			if (response.url().endsWith('/api/webauthn/reauthenticate')) proofs.push(response.status());
		});
		const refuseOnce = async (route: Route) => {
			if (route.request().method() !== method) return route.fallback();
			if (sent++ > 0) {
				if (what !== 'a passkey') return route.fallback();
				// There is only one authenticator: the passkey it has must not stand in the way of another.
				const answer = await route.fetch();
				const options = (await answer.json()) as Record<string, unknown>;
				return route.fulfill({ response: answer, json: { ...options, excludeCredentials: [] } });
			}
			await route.fulfill({
				status: 401,
				json: { error: 'Reauthentication is required', code: 'reauthentication_required', request_id: '' }
			});
		};
		await page.route(path, refuseOnce);
		await act(pocketId);
		await done();
		expect(sent, 'refused once, then taken').toBe(2);
		expect(proofs).toEqual([204]);
		page.removeAllListeners('response');
		await page.unrouteAll();
	});
}
