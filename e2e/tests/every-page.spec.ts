/* No page is missed: each route of the UI, for everybody, light and dark, is accessible and says nothing is broken. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { api, createClient, expect, expectAccessible, openTab, setUp, test, useLoginLink, type Page } from '../support/test.js';

test.use({ installation: 'every-page' });
test.describe.configure({ mode: 'serial' });

const ROUTES = resolve(import.meta.dirname, '../../web/src/routes');

/** Every route, from the file tree: `(groups)` are no part of an address. */
const routes = readdirSync(ROUTES, { recursive: true, encoding: 'utf8' })
	.filter((file) => file.endsWith('+page.svelte'))
	.map((file) => `/${file.split('/').slice(0, -1).filter((part) => !part.startsWith('(')).join('/')}`)
	.sort();

let admin: Page;
let plain: Page;
/** What stands for the parameter of a route. */
const ids: Record<string, string> = {};

test.beforeAll(async ({ browser, pocketId }) => {
	admin = (await openTab(browser, pocketId.url)).page;
	await setUp(admin);
	const created = async (path: string, body: unknown) => (await api<{ id: string }>(admin, 'POST', path, body)).id;
	const user = await created('/api/users', { username: 'grace', email: 'grace@example.com', firstName: 'Grace' });
	ids['/settings/admin/users/[id]'] = user;
	ids['/settings/admin/user-groups/[id]'] = await created('/api/user-groups', { friendlyName: 'Staff', name: 'staff' });
	ids['/settings/admin/oidc-clients/[id]'] = (await createClient(admin, { name: 'Files', callbackURLs: [] })).id;
	ids['/settings/admin/apis/[id]'] = await created('/api/apis', { name: 'Store', resource: 'https://store.example' });
	// Neither is one: their pages say so, and nothing is used up.
	ids['/lc/[code]'] = 'abcdef';
	ids['/st/[token]'] = 'abcdefghijklmnop';
	const { token } = await api<{ token: string }>(admin, 'POST', `/api/users/${user}/one-time-access-token`, {});
	plain = (await openTab(browser, pocketId.url)).page;
	await useLoginLink(plain, `/lc/${token}`);
	await plain.waitForURL('/settings/account');
});

test.afterAll(async () => {
	await admin.context().close();
	await plain.context().close();
});

function addressOf(route: string): string {
	const id = ids[route];
	expect(route.includes('[') && id === undefined, `nothing stands for the parameter of ${route}`).toBe(false);
	return route.replace(/\[.*\]/, id ?? '');
}

/** The page of a mailed link says so when it is opened without one. */
const NO_TOKEN = /\/verify-email: 400 /;

/** How the API says that a client has no provisioning. */
const NOT_PROVISIONED = /\/scim-service-provider: 404 /;

/** Visits all of them; gives what was wrong. */
async function visit(page: Page, expected?: RegExp): Promise<void> {
	const problems: string[] = [];
	page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
	page.on('console', (message) => {
		// The browser's own note of an answer that is no success is no fault of the page.
		const text = message.text();
		if (message.type() === 'error' && !text.startsWith('Failed to load resource') && !expected?.test(text)) {
			problems.push(`${page.url()}: ${message.text()}`);
		}
	});
	for (const route of routes) {
		await page.goto(addressOf(route));
		await expect(page.locator('h1, h2').first()).toBeVisible();
		await expect(page).toHaveTitle(/./);
		// What loads has loaded, but for pages that wait for an answer as long as they are open.
		await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
		for (const colorScheme of ['light', 'dark'] as const) {
			await page.emulateMedia({ colorScheme });
			await expectAccessible(page);
		}
	}
	expect(problems).toEqual([]);
}

test('every page, for a stranger', async ({ browser, pocketId }) => {
	test.setTimeout(900_000);
	const { page } = await openTab(browser, pocketId.url);
	// They are led to the sign-in instead.
	await visit(page, /: 401 not_signed_in /);
	await page.context().close();
});

test('every page, for somebody signed in', async () => {
	test.setTimeout(900_000);
	await visit(plain, new RegExp(`${NO_TOKEN.source}|: 403 forbidden `));
});

test('every page, for an administrator', async () => {
	test.setTimeout(900_000);
	await visit(admin, new RegExp(`${NO_TOKEN.source}|${NOT_PROVISIONED.source}`));
});
