/* The test function of this suite: a running product per file, a passkey per page, and shared gestures. */
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Browser, type Page } from '@playwright/test';
import { Authenticator } from './passkey.js';
import { startPocketId, type PocketId } from './pocket-id.js';
import { newPostgresDatabase } from './postgres.js';

export { expect };
export type { Page, PocketId };

interface Fixtures {
	authenticator: Authenticator;
}
/** What the projects of playwright.config.ts differ in. */
export interface Engine {
	/** Where the installation of a file keeps its data. */
	engine: 'sqlite' | 'postgres';
}
interface WorkerFixtures extends Engine {
	/** Whose installation it is: each file sets its own name, and so gets a worker and a product of its own. */
	installation: string;
	pocketId: PocketId;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
	engine: ['sqlite', { option: true, scope: 'worker' }],
	installation: ['', { option: true, scope: 'worker' }],
	pocketId: [
		async ({ engine, installation }, use) => {
			if (installation === '') throw new Error("say test.use({ installation: '<name of the file>' })");
			const running = await startPocketId({
				DISABLE_RATE_LIMITING: 'true',
				...(engine === 'postgres' ? { DB_CONNECTION_STRING: await newPostgresDatabase(installation) } : {})
			});
			await use(running);
			await running.stop();
		},
		{ scope: 'worker' }
	],
	baseURL: async ({ pocketId }, use) => use(pocketId.url),
	authenticator: async ({ page }, use) => use(await Authenticator.plugInto(page))
});

/** A tab of its own with a passkey reader, whose messages about broken pages fail the test. */
export async function openTab(browser: Browser, baseURL: string): Promise<{ page: Page; authenticator: Authenticator }> {
	const context = await browser.newContext({
		baseURL,
		locale: 'en-GB',
		viewport: { width: 1280, height: 860 },
		// What slides under the pointer between pressing and letting go is not clicked.
		reducedMotion: 'reduce'
	});
	await context.grantPermissions(['clipboard-read', 'clipboard-write']);
	const page = await context.newPage();
	return { page, authenticator: await Authenticator.plugInto(page) };
}

/** A phone with a passkey reader: touched, not clicked, and as narrow as phones are. */
export async function openPhone(browser: Browser, baseURL: string): Promise<{ page: Page; authenticator: Authenticator }> {
	const context = await browser.newContext({
		baseURL,
		locale: 'en-GB',
		viewport: { width: 390, height: 844 },
		deviceScaleFactor: 2,
		isMobile: true,
		hasTouch: true,
		reducedMotion: 'reduce'
	});
	const page = await context.newPage();
	return { page, authenticator: await Authenticator.plugInto(page) };
}

/** Fails the test when a page throws, or loads something the content security policy forbids. */
export function watchForBrokenPages(page: Page): string[] {
	const problems: string[] = [];
	page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
	page.on('console', (message) => {
		if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text())) {
			problems.push(`${page.url()}: ${message.text()}`);
		}
	});
	return problems;
}

/** The first administrator, through the set-up pages; ends on the account page. */
export async function setUp(page: Page): Promise<void> {
	await page.goto('/setup');
	await page.getByLabel('Username').fill('ada');
	await page.getByLabel('Email').fill('ada@example.com');
	await page.getByLabel('First name').fill('Ada');
	await page.getByLabel('Last name').fill('Lovelace');
	await page.getByRole('button', { name: 'Sign Up' }).click();
	await page.waitForURL('/signup/add-passkey');
	await page.getByRole('button', { name: 'Add Passkey' }).click();
	await page.waitForURL('/settings/account');
}

/** Follows the link of a login code and signs in with it. */
export async function useLoginLink(page: Page, link: string): Promise<void> {
	await page.goto(link);
	await page.getByRole('button', { name: 'Submit' }).click();
}

export async function signOut(page: Page): Promise<void> {
	await page.getByRole('button', { name: 'My Account' }).click();
	await page.getByRole('menuitem', { name: 'Logout' }).click();
	await page.waitForURL(/\/login$/);
}

/** Waits until nothing moves: a half transparent text, or one between two themes, has another contrast. */
async function settle(page: Page): Promise<void> {
	await page.evaluate(async () => {
		const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
		const moving = () =>
			document
				.getAnimations()
				.filter(
					(animation) =>
						animation.playState === 'running' &&
						animation.effect?.getComputedTiming().iterations !== Infinity
				);
		do {
			await Promise.all(moving().map((animation) => animation.finished.catch(() => undefined)));
			// What the last change sets off begins with the next frame.
			await frame();
			await frame();
		} while (moving().length > 0);
	});
}

/** axe finds nothing on the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
	await settle(page);
	// A tooltip that happens to be open names what it belongs to; it is no part of the page's landmarks.
	const found = await new AxeBuilder({ page }).exclude('body > :has(> [data-tooltip-content], > * > [data-tooltip-content])').analyze();
	const readable = found.violations.map(
		(violation) => `${violation.id} (${violation.impact}): ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`
	);
	expect(readable, `axe on ${page.url()}`).toEqual([]);
}

/** The success toast with exactly this text. */
export async function expectToast(page: Page, text: string): Promise<void> {
	await expect(page.locator('[data-type="success"]').filter({ hasText: text }).last()).toHaveText(text);
}

/** Asks the API as the page's signed-in user, from inside the page (cookies and origin are the browser's). */
export async function api<T>(page: Page, method: string, path: string, body?: unknown): Promise<T> {
	const answer = await page.evaluate(
		async ([method, path, body]) => {
			const response = await fetch(path, {
				method,
				...(body === null ? {} : { headers: { 'Content-Type': 'application/json' }, body })
			});
			return { status: response.status, text: await response.text() };
		},
		[method, path, body === undefined ? null : JSON.stringify(body)] as const
	);
	expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300);
	return (answer.text === '' ? undefined : JSON.parse(answer.text)) as T;
}

/** The requests to a path fail until the returned function is called. */
export async function breakDown(page: Page, path: string): Promise<() => Promise<void>> {
	const matches = (url: URL) => url.pathname === path;
	await page.route(matches, (route) => route.abort());
	return () => page.unroute(matches);
}

/** Requests to these addresses wait until the returned function is called. */
export async function hold(page: Page, matches: (url: URL) => boolean): Promise<() => Promise<void>> {
	let release = () => {};
	const released = new Promise<void>((resolve) => (release = resolve));
	const held: Promise<void>[] = [];
	await page.route(matches, (route) => {
		const sent = released.then(() => route.continue());
		held.push(sent);
		return sent;
	});
	return async () => {
		release();
		// First: taking the route away sends what it still holds, a second time.
		await Promise.all(held);
		await page.unroute(matches);
	};
}

/** A PNG of one colour, drawn by the browser. */
export async function png(page: Page, color: string, [width, height]: [number, number] = [120, 80]): Promise<Buffer> {
	const data = await page.evaluate(
		([color, width, height]) => {
			const canvas = document.createElement('canvas');
			canvas.width = width;
			canvas.height = height;
			const context = canvas.getContext('2d')!;
			context.fillStyle = color;
			context.fillRect(0, 0, width, height);
			return canvas.toDataURL('image/png');
		},
		[color, width, height] as const
	);
	return Buffer.from(data.split(',')[1]!, 'base64');
}

export interface NewClient {
	id: string;
	secret?: string;
}

/** An OIDC client made through the API, with a secret unless it is public. */
export async function createClient(
	page: Page,
	settings: {
		name: string;
		callbackURLs: string[];
		logoutCallbackURLs?: string[];
		isPublic?: boolean;
		pkceEnabled?: boolean;
		isGroupRestricted?: boolean;
		requiresPushedAuthorizationRequests?: boolean;
		protocol?: Record<string, unknown>;
	}
): Promise<NewClient> {
	const client = await api<{ id: string }>(page, 'POST', '/api/oidc/clients', {
		logoutCallbackURLs: [],
		isPublic: false,
		pkceEnabled: true,
		requiresReauthentication: false,
		requiresPushedAuthorizationRequests: false,
		skipConsent: false,
		isGroupRestricted: false,
		credentials: { federatedIdentities: [] },
		accessTokenDurationMinutes: 60,
		refreshTokenDurationMinutes: 43200,
		...settings
	});
	if (settings.isPublic) return { id: client.id };
	const { secret } = await api<{ secret: string }>(page, 'POST', `/api/oidc/clients/${client.id}/secrets`, {});
	return { id: client.id, secret };
}
