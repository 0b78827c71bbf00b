/* Takes pictures of every page from `MOCK=1 npm run dev`: node dev-mock/screenshots.ts [name...] */
import { mkdirSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';

const base = process.env.BASE ?? 'http://localhost:5199';
const only = process.argv.slice(2);
const out = 'screenshots';
mkdirSync(out, { recursive: true });

const browser = await chromium.launch({
	executablePath: '/usr/bin/chromium',
	args: [
		'--no-sandbox',
		'--disable-gpu',
		'--disable-quic',
		'--no-first-run',
		'--disable-background-networking',
		'--disable-component-update',
		'--disable-sync'
	]
});

type Shot = {
	name: string;
	path: string;
	signedOut?: boolean;
	setup?: boolean;
	act?: (page: Page) => Promise<void>;
};

const client = '00000000-0000-4000-8000-000000000005';
const shots: Shot[] = [
	{ name: 'login', path: '/login', signedOut: true },
	{
		name: 'login-error',
		path: '/login',
		signedOut: true,
		act: (page) => page.getByRole('button', { name: 'Authenticate' }).click()
	},
	{ name: 'setup', path: '/setup', signedOut: true, setup: true },
	{ name: 'add-passkey', path: '/signup/add-passkey' },
	{ name: 'logout', path: '/logout' },
	{ name: 'consent', path: '/interaction?interaction=consent' },
	{ name: 'select', path: '/interaction?interaction=select_account' },
	{ name: 'interaction-out', path: '/interaction?interaction=authenticate', signedOut: true },
	{
		name: 'interaction-error',
		path: '/interaction/error?error=The+redirect+address+is+not+registered+for+this+client.&sent=https%3A%2F%2Fevil.example.com%2Fcb&registered=https%3A%2F%2Fcloud.example.com%2Fapps%2Fuser_oidc%2Fcode'
	},
	{ name: 'account', path: '/settings/account' },
	{ name: 'clients', path: '/settings/admin/oidc-clients' },
	{
		name: 'client-create',
		path: '/settings/admin/oidc-clients',
		act: async (page) => {
			await page.getByRole('button', { name: 'Add OIDC Client' }).click();
			await page.getByRole('button', { name: 'Add' }).first().click();
			await page.getByRole('button', { name: 'Save' }).click();
		}
	},
	{
		name: 'client',
		path: `/settings/admin/oidc-clients/${client}`,
		act: (page) => page.getByRole('button', { name: 'Show more details' }).click()
	},
	{
		name: 'client-credentials',
		path: `/settings/admin/oidc-clients/${client}#credentials`,
		act: (page) => page.getByRole('button', { name: 'Add client secret' }).click()
	},
	{
		name: 'client-federated',
		path: `/settings/admin/oidc-clients/${client}#credentials`,
		act: async (page) => {
			await page.getByRole('button', { name: 'Create' }).click();
			await page.getByLabel('Issuer').fill('https://kubernetes.example.com');
			await page.getByRole('button', { name: 'Add another' }).click();
			await page
				.getByTestId('federated-credentials-card')
				.getByRole('button', { name: 'Save' })
				.click();
		}
	},
	{
		name: 'client-logout',
		path: `/settings/admin/oidc-clients/${client}#advanced`
	},
	{ name: 'users', path: '/settings/admin/users' },
	{
		name: 'user-create',
		path: '/settings/admin/users',
		act: (page) => page.getByRole('button', { name: 'Add User' }).click()
	},
	{ name: 'user', path: '/settings/admin/users/00000000-0000-4000-8000-000000000002' },
	{
		name: 'rename',
		path: '/settings/account',
		act: (page) => page.getByLabel('Rename').click()
	},
	{
		name: 'confirm',
		path: '/settings/account',
		act: (page) => page.getByLabel('Delete').click()
	},
	{
		name: 'menu',
		path: '/settings/admin/oidc-clients',
		act: (page) => page.getByRole('row', { name: 'Immich' }).getByRole('button').click()
	},
	{ name: 'not-found', path: '/settings/nowhere' }
];

const looks = [
	{ name: 'light', scheme: 'light', width: 1280, height: 860 },
	{ name: 'dark', scheme: 'dark', width: 1280, height: 860 },
	{ name: 'phone', scheme: 'light', width: 375, height: 780 }
] as const;

for (const look of looks) {
	for (const shot of shots) {
		if (only.length > 0 && !only.includes(shot.name) && !only.includes(look.name)) continue;
		const context = await browser.newContext({
			colorScheme: look.scheme,
			viewport: { width: look.width, height: look.height },
			locale: 'en-GB'
		});
		const page = await context.newPage();
		if (shot.signedOut) {
			await page.route('**/api/users/me', (route) =>
				route.fulfill({ status: 401, json: { code: 'not_signed_in', error: '' } })
			);
		}
		if (shot.setup) {
			await page.route('**/api/signup/setup', (route) => route.fulfill({ status: 204 }));
		}
		page.on('pageerror', (error) => console.error(shot.name, 'page error:', error.message));
		await page.goto(base + shot.path);
		await page.waitForLoadState('networkidle');
		await shot.act?.(page);
		await page.waitForTimeout(900);
		await page.screenshot({
			path: `${out}/${shot.name}-${look.name}.png`,
			fullPage: process.env.FULL === '1'
		});
		await context.close();
	}
}
await browser.close();
