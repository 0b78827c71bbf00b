/* Pictures of people, logos of clients, images of the application. */
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

test.use({ installation: 'images' });
test.describe.configure({ mode: 'serial' });

let page: Page;
let problems: string[];

const svg = (color: string) =>
	Buffer.from(
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="9" fill="${color}"/></svg>`
	);
const file = (name: string, color: string) => ({ name, mimeType: 'image/svg+xml', buffer: svg(color) });

/** A PNG, drawn by the browser. */
async function png(color: string): Promise<Buffer> {
	const data = await page.evaluate((color) => {
		const canvas = document.createElement('canvas');
		canvas.width = 120;
		canvas.height = 80;
		const context = canvas.getContext('2d')!;
		context.fillStyle = color;
		context.fillRect(0, 0, 120, 80);
		return canvas.toDataURL('image/png');
	}, color);
	return Buffer.from(data.split(',')[1]!, 'base64');
}

/** Waits until an image has loaded, and says how wide it is. */
const widthOf = (selector: string) =>
	page.locator(selector).evaluate(async (image: HTMLImageElement) => {
		await image.decode();
		return image.naturalWidth;
	});

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

test('a profile picture is uploaded, shown everywhere and taken away', async () => {
	await page.goto('/settings/account');
	await page.locator('#profile-picture-input').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: await png('teal') });
	await expectToast(page, 'Profile picture updated successfully. It may take a few minutes to update.');
	await expect(page.locator('main img[src*="skip-cache"]').first()).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'account-picture');
	await page.locator('#profile-picture-input').setInputFiles({
		name: 'me.png',
		mimeType: 'image/png',
		buffer: Buffer.from('no picture')
	});
	await expect(page.locator('[data-type="error"]')).toContainText('damaged');
	await page.getByRole('button', { name: 'Reset to default' }).click();
	await expectAccessible(page);
	await page.getByRole('alertdialog').getByRole('button', { name: 'Reset' }).click();
	await expectToast(page, 'Profile picture has been reset. It may take a few minutes to update.');
});

test('a client gets its logos', async () => {
	await page.goto('/settings/admin/oidc-clients');
	await page.getByRole('button', { name: 'Add OIDC Client' }).click();
	await page.getByLabel('Name').fill('Photos');
	await page.getByLabel('Client Launch URL').fill('https://photos.example.com');
	await expect(page.getByRole('tab', { name: 'Logo for light mode' })).toHaveAttribute('data-value', 'light-logo');
	await expect(page.getByRole('tab', { name: 'Logo for dark mode' })).toHaveAttribute('data-value', 'dark-logo');
	await page.locator('#oidc-client-logo-light').setInputFiles(file('photos.svg', 'orange'));
	await page.locator('#oidc-client-logo-dark').setInputFiles(file('photos.svg', 'gold'));
	await expectAccessible(page);
	await photograph(page, 'client-logos');
	await page.getByRole('tab', { name: 'Logo for dark mode' }).click();
	await expect(page.getByRole('img', { name: 'logo' }).last()).toBeVisible();
	await page.getByRole('group', { name: 'Logo' }).getByRole('button', { name: 'URL' }).click();
	const address = page.getByRole('dialog', { name: 'Logo for dark mode: URL' }).getByLabel('URL', { exact: true });
	await address.fill('nonsense');
	await address.blur();
	await expect(page.getByText('Invalid URL')).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'client-logo-url');
	await page.keyboard.press('Escape');
	await page.locator('#oidc-client-logo-dark').setInputFiles(file('photos.svg', 'gold'));
	await photograph(page, 'client-logos-dark');
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'OIDC client created successfully');
	await page.goto('/settings/apps');
	expect(await widthOf('img[alt="Photos logo"]')).toBeGreaterThan(0);
	await photograph(page, 'apps-with-logo');

	await page.goto('/settings/admin/oidc-clients');
	await page.getByRole('row', { name: 'Photos' }).click();
	await page.getByRole('button', { name: 'Remove logo' }).first().click();
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'OIDC client updated successfully');
	const { data } = await api<{ data: { hasLogo: boolean; hasDarkLogo: boolean }[] }>(page, 'GET', '/api/oidc/clients');
	expect(data[0]).toMatchObject({ hasLogo: false, hasDarkLogo: true });
});

test('what is no picture is refused, wherever it is offered', async () => {
	const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') };
	const refusal = page.locator('[data-type="error"]').last();
	await page.goto('/settings/account');
	await page.locator('#profile-picture-input').setInputFiles(text);
	await expect(refusal).toBeVisible();
	await page.goto('/settings/admin/oidc-clients');
	await page.getByRole('row', { name: 'Photos' }).click();
	await page.locator('#oidc-client-logo-light').setInputFiles(text);
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(refusal).toBeVisible();
	await page.goto('/settings/admin/application-configuration');
	await page.getByLabel('Background Image').first().setInputFiles(text);
	await page.locator('#application-configuration-images').getByRole('button', { name: 'Save' }).click();
	await expect(refusal).toBeVisible();
});

test('the application looks as its owner likes', async ({ browser, pocketId }) => {
	await page.goto('/settings/admin/application-configuration');
	await page.getByLabel('Light Mode Logo').first().setInputFiles(file('logo.svg', 'crimson'));
	await page.getByLabel('Background Image').first().setInputFiles({ name: 'b.png', mimeType: 'image/png', buffer: await png('seagreen') });
	await expectAccessible(page);
	await photograph(page, 'images-card');
	await page.locator('#application-configuration-images').getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Images updated successfully. It may take a few minutes to update.');
	expect(await widthOf('header img[alt="Logo"]')).toBeGreaterThan(0);

	const { page: stranger } = await openTab(browser, pocketId.url);
	const broken = watchForBrokenPages(stranger);
	await stranger.goto('/login');
	await expect(stranger.locator('img[src*="application-images/background"]')).toBeVisible();
	await expect(stranger.locator('main img[src*="application-images/logo"]')).toBeVisible();
	await expectAccessible(stranger);
	await photograph(stranger, 'login-background');
	expect(broken).toEqual([]);
	await stranger.context().close();

	await page.getByRole('button', { name: 'Reset to default Background Image' }).click();
	await page.locator('#application-configuration-images').getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('button', { name: 'Reset to default Background Image' })).toBeHidden();
	await page.goto('/settings/account');
	expect((await page.request.get('/api/application-images/background')).status()).toBe(404);
});
