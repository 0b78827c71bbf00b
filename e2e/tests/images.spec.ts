/* Pictures of people, logos of clients, images of the application. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { photograph } from '../support/photograph.js';
import { startPocketId } from '../support/pocket-id.js';
import {
	api,
	expect,
	expectAccessible,
	expectToast,
	openTab,
	png,
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
		`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" viewBox="0 0 40 40"><rect width="40" height="40" rx="9" fill="${color}"/></svg>`
	);
const file = (name: string, color: string) => ({ name, mimeType: 'image/svg+xml', buffer: svg(color) });

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
	await page.locator('#profile-picture-input').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: await png(page, 'teal') });
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

/** A web server with pictures, and with what is none. */
async function startPictureServer(): Promise<{ at: (path: string) => string; asked: string[]; stop: () => void }> {
	const asked: string[] = [];
	const server = createServer((request, response) => {
		const path = request.url ?? '';
		// The browser says what it is, as does Pocket ID.
		asked.push(`${path} ${request.headers['user-agent']?.includes('pocket-id') ? 'Pocket ID' : 'browser'}`);
		if (path === '/logo.svg') response.writeHead(200, { 'Content-Type': 'image/svg+xml' }).end(svg('teal'));
		else if (path === '/page') response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>No picture</p>');
		else response.writeHead(404).end();
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return { at: (path) => `http://127.0.0.1:${port}${path}`, asked, stop: () => server.close() };
}

/** Types the address of a logo on the open form of a client. */
async function typeAddress(on: Page, mode: 'light' | 'dark', address: string): Promise<void> {
	await on.getByRole('tab', { name: `Logo for ${mode} mode` }).click();
	await on.getByRole('group', { name: 'Logo' }).getByRole('button', { name: 'URL' }).click();
	await on.getByRole('dialog', { name: `Logo for ${mode} mode: URL` }).getByLabel('URL', { exact: true }).fill(address);
	await on.keyboard.press('Escape');
}

test('a logo at an address is shown before it is saved, and kept from then on', async ({ browser }) => {
	const pictures = await startPictureServer();
	// Servers of one's own network are out of reach for logos unless that is allowed.
	const product = await startPocketId({ DISABLE_RATE_LIMITING: 'true', OUTBOUND_ALLOWED_NETWORKS: '127.0.0.0/8' });
	const { page: admin } = await openTab(browser, product.url);
	const broken = watchForBrokenPages(admin);
	try {
		await setUp(admin);
		await admin.goto('/settings/admin/oidc-clients');
		await admin.getByRole('button', { name: 'Add OIDC Client' }).click();
		await admin.getByLabel('Name').fill('Notes');
		await typeAddress(admin, 'light', pictures.at('/logo.svg'));
		const shown = admin.getByRole('group', { name: 'Logo' }).getByRole('img');
		await expect(shown).toHaveJSProperty('naturalWidth', 40);
		expect(pictures.asked, 'nothing is asked for while it is typed').toEqual(['/logo.svg browser']);
		await expect(admin.getByText(pictures.at('/logo.svg'))).toBeVisible();
		await expectAccessible(admin);
		await photograph(admin, 'client-logo-by-address');

		for (const [path, said] of [
			['/page', 'The address does not lead to an image of a supported type'],
			['/missing.png', 'The logo could not be downloaded']
		] as const) {
			await typeAddress(admin, 'dark', pictures.at(path));
			await expect(shown).toHaveCount(0);
			await admin.getByRole('button', { name: 'Save' }).click();
			await expect(admin.locator('[data-type="error"]').last()).toHaveText(said);
		}
		await photograph(admin, 'client-logo-unreachable');
		expect((await api<{ data: unknown[] }>(admin, 'GET', '/api/oidc/clients')).data).toEqual([]);

		await admin.getByRole('button', { name: 'Remove logo' }).last().click();
		await admin.getByRole('button', { name: 'Save' }).click();
		await expectToast(admin, 'OIDC client created successfully');
		expect(pictures.asked.at(-1)).toBe('/logo.svg Pocket ID');
		pictures.stop();
		await admin.goto('/settings/admin/oidc-clients');
		await admin.getByRole('row', { name: 'Notes' }).click();
		await expect(admin.getByRole('group', { name: 'Logo' }).getByRole('img')).toHaveJSProperty('naturalWidth', 40);
		expect(broken).toEqual([]);
	} finally {
		await admin.context().close();
		await product.stop();
		pictures.stop();
	}
});

test('an address out of bounds is refused at the logo it is for', async () => {
	const pictures = await startPictureServer();
	await page.goto('/settings/admin/oidc-clients');
	await page.getByRole('row', { name: 'Photos' }).click();
	await typeAddress(page, 'dark', pictures.at('/logo.svg'));
	await page.getByRole('tab', { name: 'Logo for light mode' }).click();
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expect(page.getByRole('tab', { name: 'Logo for dark mode' })).toHaveAttribute('aria-selected', 'true');
	const refusal = 'Must be the address of an image on the public internet';
	await expect(page.getByRole('group', { name: 'Logo' }).getByText(refusal)).toBeVisible();
	await expect(page.getByRole('button', { name: 'URL', exact: true })).toHaveAccessibleDescription(refusal);
	await expectAccessible(page);
	await photograph(page, 'client-logo-refused');
	expect(pictures.asked.filter((line) => line.endsWith('Pocket ID'))).toEqual([]);
	pictures.stop();
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
	await page.getByLabel('Background Image', { exact: true }).setInputFiles(text);
	await page.locator('#application-configuration-images').getByRole('button', { name: 'Save' }).click();
	await expect(refusal).toBeVisible();
});

test('the application looks as its owner likes', async ({ browser, pocketId }) => {
	await page.goto('/settings/admin/application-configuration');
	// The dash in place of an image is no part of the name.
	await expect(page.locator('#background')).toHaveAccessibleName('Background Image');
	await page.getByLabel('Light Mode Logo', { exact: true }).setInputFiles(file('logo.svg', 'crimson'));
	await page.getByLabel('Background Image', { exact: true }).setInputFiles({ name: 'b.png', mimeType: 'image/png', buffer: await png(page, 'seagreen') });
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
	// Until it is saved, the reset can be undone.
	await expect(page.getByRole('button', { name: /(Reset to default|Undo the reset of) Background Image$/ })).toHaveCount(0);
	await page.goto('/settings/account');
	expect((await page.request.get('/api/application-images/background')).status()).toBe(404);
});

test('resetting an image can be taken back until it is saved', async () => {
	await page.goto('/settings/admin/application-configuration');
	const card = page.locator('#application-configuration-images');
	const reset = (label: string) => card.getByRole('button', { name: `Reset to default ${label}`, exact: true });
	// Nobody uploaded a logo for dark mode: the one everybody sees is shown, and there is nothing to reset.
	expect(await widthOf('#application-configuration-images label:has(#logoDark) img')).toBeGreaterThan(0);
	await expect(reset('Dark Mode Logo')).toHaveCount(0);
	await expect(card.getByRole('button', { name: 'Save' })).toBeDisabled();
	await reset('Light Mode Logo').click();
	expect(await widthOf('#application-configuration-images label:has(#logoLight) img')).toBeGreaterThan(0);
	await expect(card.getByRole('button', { name: 'Save' })).toBeEnabled();
	await expectAccessible(page);
	await photograph(page, 'images-reset');
	await card.getByRole('button', { name: 'Undo the reset of Light Mode Logo' }).click();
	await expect(reset('Light Mode Logo')).toBeVisible();
	await expect(card.getByRole('button', { name: 'Save' })).toBeDisabled();
});

test('an image that was only chosen is let go again', async () => {
	await page.goto('/settings/admin/application-configuration');
	const card = page.locator('#application-configuration-images');
	const save = card.getByRole('button', { name: 'Save' });
	const letGo = async (label: string) => {
		const input = card.getByLabel(label, { exact: true });
		const undo = card.getByRole('button', { name: `Reset to default ${label}`, exact: true });
		await expect(undo).toHaveCount(0);
		await input.setInputFiles(file('mistaken.svg', 'purple'));
		await expect(save).toBeEnabled();
		await undo.click();
		await expect(undo).toHaveCount(0);
		await expect(input).toBeFocused();
		await expect(save).toBeDisabled();
	};
	for (const label of ['Favicon', 'Email Logo', 'Default Profile Picture']) await letGo(label);
	await expectAccessible(page);

	// What is stored stays.
	await card.getByLabel('Favicon', { exact: true }).setInputFiles(file('own.svg', 'teal'));
	await save.click();
	await expectToast(page, 'Images updated successfully. It may take a few minutes to update.');
	await letGo('Favicon');
	await expect(card.locator('label:has(#favicon) img')).toHaveAttribute('src', /\/favicon\?v=/);
	expect((await page.request.get('/api/application-images/favicon')).headers()['content-type']).toContain('svg');
});
