/* Signing out in a browser tells the applications it was used with. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, setUp, signOut, test, watchForBrokenPages } from '../support/test.js';

test.use({ installation: 'logout' });

test('applications are loaded at a sign-out, and the list of sessions names them', async ({ page, authenticator: _, pocketId }) => {
	const seen: string[] = [];
	const app = createServer((request, response) => {
		if (request.url?.startsWith('/out')) seen.push(request.url);
		response.setHeader('Content-Type', 'text/html');
		response.end('<p>application</p>');
	});
	await new Promise<void>((done) => app.listen(0, '127.0.0.1', done));
	const appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
	const problems = watchForBrokenPages(page);
	try {
		await setUp(page);
		const created = await page.request.post('/api/oidc/clients', {
			data: {
				name: 'Wiki',
				callbackURLs: [`${appUrl}/callback`],
				isPublic: false,
				pkceEnabled: false,
				protocol: { frontchannelLogoutUri: `${appUrl}/out`, frontchannelLogoutSessionRequired: true }
			}
		});
		expect(created.status()).toBe(201);
		const { id } = (await created.json()) as { id: string };
		const query = new URLSearchParams({
			client_id: id,
			response_type: 'code',
			scope: 'openid',
			redirect_uri: `${appUrl}/callback`,
			state: 'a-state-of-some-length'
		});
		await page.goto(`/authorize?${query}`);
		await page.getByRole('button', { name: 'Sign in' }).click();
		await page.waitForURL(`${appUrl}/callback?**`);
		await page.goto('/settings/account');
		const card = page.getByTestId('sessions-card');
		await expect(card.getByText('This device')).toBeVisible();
		await expect(card.getByText('Wiki', { exact: true })).toBeVisible();
		await signOut(page);
		expect(seen).toHaveLength(1);
		const told = new URL(seen[0] ?? '', appUrl).searchParams;
		expect(told.get('iss')).toBe(pocketId.url);
		expect(told.get('sid')).toMatch(/^[0-9a-f-]{36}$/);
		expect((await page.request.get('/api/users/me')).status()).toBe(401);
		expect(problems).toEqual([]);
	} finally {
		app.close();
	}
});
