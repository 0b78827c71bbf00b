/* A callback URL that is not registered: what strangers see, and how an administrator registers it. */
import { photograph } from '../support/photograph.js';
import {
	createClient,
	expect,
	expectAccessible,
	expectToast,
	openTab,
	setUp,
	test,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'mismatch' });
test.describe.configure({ mode: 'serial' });

let admin: Page;
let clientId: string;

const request = (redirectUri: string) =>
	`/authorize?${new URLSearchParams({
		client_id: clientId,
		redirect_uri: redirectUri,
		response_type: 'code',
		scope: 'openid',
		state: 'state-of-the-test'
	})}`;

test.beforeAll(async ({ browser, pocketId }) => {
	admin = (await openTab(browser, pocketId.url)).page;
	await setUp(admin);
	const settings = { name: 'Photos', callbackURLs: Array<string>(2).fill('https://photos.example.com/auth/login'), pkceEnabled: false };
	clientId = (await createClient(admin, settings)).id;
});

test.afterAll(async () => {
	await admin.context().close();
});

test('strangers are told whom to ask, and nothing of what is registered', async ({ browser, pocketId }) => {
	const { page } = await openTab(browser, pocketId.url);
	const problems = watchForBrokenPages(page);
	await page.goto(request('https://photos.example.com/login'));
	await expect(page.getByText('is not registered for it')).toBeVisible();
	await expect(page.getByText('ask whoever runs this server')).toBeVisible();
	await expect(page.getByText('/auth/login')).toBeHidden();
	await expectAccessible(page);
	await photograph(page, 'mismatch-stranger');
	expect(problems).toEqual([]);
	await page.context().close();
});

test('an administrator sees the difference and registers the URL after a question', async () => {
	const problems = watchForBrokenPages(admin);
	await admin.goto(request('https://photos.example.com/login'));
	await expect(admin.getByRole('definition').filter({ hasText: 'https://photos.example.com/auth/login' })).toBeVisible();
	await expect(admin.locator('mark').filter({ hasText: 'auth/' })).toBeVisible();
	await expectAccessible(admin);
	await photograph(admin, 'mismatch');
	await admin.getByRole('button', { name: 'Register this URL' }).click();
	const question = admin.getByRole('alertdialog');
	await expect(question).toContainText('photos.example.com receives the sign-ins of everybody who uses Photos');
	await photograph(admin, 'mismatch-question');
	await question.getByRole('button', { name: 'Register this URL' }).click();
	await expectToast(admin, 'The callback URL has been registered.');
	await expect(admin.getByText('Go back to the app and sign in again.')).toBeVisible();
	await admin.goto(request('https://photos.example.com/login'));
	await expect(admin.getByRole('heading', { name: 'Sign in to Photos' })).toBeVisible();
	expect(problems).toEqual([]);
});

test('the page of the client lists what was refused', async () => {
	await admin.goto(request('https://elsewhere.example.net/login'));
	await admin.goto(request('https://*.example.net/login'));
	await admin.getByRole('link', { name: 'Open client' }).click();
	const card = admin.getByTestId('refused-authorizations-card');
	await expect(card.getByRole('listitem')).toHaveCount(2);
	await expect(card.getByRole('button', { name: 'Register this URL' })).toHaveCount(1);
	await expectAccessible(admin);
	await photograph(admin, 'refused-card');
	await card.getByRole('button', { name: 'Register this URL' }).click();
	await admin.getByRole('alertdialog').getByRole('button', { name: 'Register this URL' }).click();
	await expectToast(admin, 'The callback URL has been registered.');
	await expect(admin.getByTestId('callback-url-4')).toHaveValue('https://elsewhere.example.net/login');
	await expect(card.getByRole('listitem')).toHaveCount(1);
});

test('details that cannot be had for now are asked for again; those that are gone are not missed', async () => {
	const problems = watchForBrokenPages(admin);
	const details = (url: URL) => /\/api\/oidc\/refused-authorizations\/[^/]+$/.test(url.pathname);
	const answer = async (status: number, code: string, when: Promise<void> = Promise.resolve()) => {
		await admin.route(details, async (route) => {
			await when;
			await route.fulfill({ status, json: { error: 'Not today', code, request_id: '' } });
		});
	};
	let letGo: () => void = () => {};
	await answer(500, 'internal_error', new Promise((resolve) => (letGo = resolve)));
	await admin.goto(request('https://photos.example.com/other'));
	await expect(admin.getByRole('status', { name: 'Loading' })).toBeVisible();
	letGo();
	const alert = admin.getByRole('alert').filter({ hasText: 'This could not be loaded' });
	await expect(alert).toContainText('An unknown error occurred');
	await expect(admin.getByRole('status', { name: 'Loading' })).toHaveCount(0);
	await expectAccessible(admin);
	await photograph(admin, 'mismatch-failed');
	await admin.unroute(details);
	await alert.getByRole('button', { name: 'Try again' }).click();
	await expect(alert).toHaveCount(0);
	await expect(admin.getByRole('definition').filter({ hasText: 'https://photos.example.com/other' })).toBeVisible();

	await answer(404, 'not_found');
	await admin.reload();
	await expect(admin.getByRole('heading', { name: 'Error' })).toBeVisible();
	await expect(admin.getByRole('status', { name: 'Loading' })).toHaveCount(0);
	await expect(alert).toHaveCount(0);
	await admin.unroute(details);
	expect(problems).toEqual([]);
});
