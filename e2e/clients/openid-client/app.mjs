/* An Express app that signs people in with openid-client. See ../README.md. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import express from 'express';
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, CLIENT_KEY, AUTH_METHOD, PORT } = process.env;
const base = `http://127.0.0.1:${PORT}`;
const redirectUri = `${base}/callback`;

const privateKey =
	CLIENT_KEY &&
	(await crypto.subtle.importKey(
		'pkcs8',
		createPrivateKey(CLIENT_KEY).export({ type: 'pkcs8', format: 'der' }),
		{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
		false,
		['sign']
	));
const methods = {
	client_secret_basic: () => oidc.ClientSecretBasic(CLIENT_SECRET),
	client_secret_post: () => oidc.ClientSecretPost(CLIENT_SECRET),
	client_secret_jwt: () => oidc.ClientSecretJwt(CLIENT_SECRET),
	private_key_jwt: () => oidc.PrivateKeyJwt(privateKey),
	none: () => oidc.None()
};
const config = await oidc.discovery(
	new URL(ISSUER),
	CLIENT_ID,
	undefined,
	methods[AUTH_METHOD](),
	// Plain HTTP on loopback; everything else stays as strict as the library is.
	{ execute: [oidc.allowInsecureRequests] }
);
// Without this the library trusts the connection and does not look at the ID token's signature.
oidc.enableNonRepudiationChecks(config);

/** What this app remembers of each browser, by the value of its own cookie. */
const sessions = new Map();

const app = express();
app.use((request, response, next) => {
	const cookie = /(?:^|; )rp=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
	const id = cookie && sessions.has(cookie) ? cookie : randomBytes(16).toString('hex');
	if (id !== cookie) {
		sessions.set(id, {});
		response.setHeader('Set-Cookie', `rp=${id}; HttpOnly; SameSite=Lax; Path=/`);
	}
	request.session = sessions.get(id);
	next();
});

const text = (value) => String(value).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (title, body) =>
	`<!doctype html><html lang="en"><title>${text(title)}</title><main><h1>${text(title)}</h1>${body}</main></html>`;

app.get('/', (request, response) => {
	const { claims } = request.session;
	response.send(
		claims
			? page('Example app', `<p>Signed in as ${text(claims.name)}</p><a href="/logout">Log out</a>`)
			: page('Example app', '<p>Not signed in</p><a href="/login">Log in</a>')
	);
});

app.get('/login', async (request, response) => {
	const verifier = oidc.randomPKCECodeVerifier();
	const pending = { verifier, state: oidc.randomState(), nonce: oidc.randomNonce() };
	request.session.pending = pending;
	const url = oidc.buildAuthorizationUrl(config, {
		redirect_uri: redirectUri,
		scope: 'openid profile email groups',
		code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
		code_challenge_method: 'S256',
		state: pending.state,
		nonce: pending.nonce
	});
	response.redirect(url.href);
});

app.get('/callback', async (request, response) => {
	const { pending } = request.session;
	delete request.session.pending;
	const tokens = await oidc.authorizationCodeGrant(config, new URL(request.url, base), {
		pkceCodeVerifier: pending.verifier,
		expectedState: pending.state,
		expectedNonce: pending.nonce,
		idTokenExpected: true
	});
	request.session.tokens = tokens;
	request.session.idToken = tokens.id_token;
	request.session.claims = tokens.claims();
	response.redirect('/');
});

app.get('/session', async (request, response) => {
	const { tokens, claims } = request.session;
	const post = await oidc.fetchProtectedResource(
		config,
		tokens.access_token,
		new URL(config.serverMetadata().userinfo_endpoint),
		'POST'
	);
	response.json({
		claims,
		userinfo: await oidc.fetchUserInfo(config, tokens.access_token, claims.sub),
		userinfoByPost: await post.json(),
		tokenType: tokens.token_type,
		expiresIn: tokens.expires_in,
		scope: tokens.scope
	});
});

app.get('/refresh', async (request, response) => {
	const before = request.session.tokens;
	const after = await oidc.refreshTokenGrant(config, before.refresh_token);
	request.session.tokens = after;
	if (after.id_token) request.session.idToken = after.id_token;
	const reuse = request.query.reuse === 'yes' ? await refuse(before.refresh_token) : undefined;
	response.json({
		rotated: after.refresh_token !== before.refresh_token && after.access_token !== before.access_token,
		oldAccessTokenStatus: await userinfoStatus(before.access_token),
		claims: after.claims(),
		...(reuse === undefined ? {} : { reuse })
	});
});

/** Sends a refresh token that must be refused, and says how it was. */
async function refuse(refreshToken) {
	try {
		await oidc.refreshTokenGrant(config, refreshToken);
		return 'accepted';
	} catch (error) {
		return error.error ?? error.message;
	}
}

async function userinfoStatus(accessToken) {
	const response = await fetch(config.serverMetadata().userinfo_endpoint, {
		headers: { Authorization: `Bearer ${accessToken}` }
	});
	return response.status;
}

app.get('/access', async (request, response) => {
	response.json({ status: await userinfoStatus(request.session.tokens.access_token) });
});

/** Whether the refresh token held when logging out still works, as it must not. */
app.get('/after-logout', async (request, response) => {
	response.json({ refresh: await refuse(request.session.left) });
});

app.get('/logout', (request, response) => {
	const state = oidc.randomState();
	request.session.logoutState = state;
	request.session.left = request.session.tokens.refresh_token;
	response.redirect(
		oidc.buildEndSessionUrl(config, {
			id_token_hint: request.session.idToken,
			post_logout_redirect_uri: `${base}/signed-out`,
			state
		}).href
	);
});

app.get('/signed-out', (request, response) => {
	const matches = request.query.state === request.session.logoutState;
	if (matches) for (const key of ['tokens', 'idToken', 'claims']) delete request.session[key];
	response.send(page('Example app', `<p>${matches ? 'Signed out' : 'The state does not match'}</p>`));
});

app.use((error, _request, response, _next) => {
	response
		.status(500)
		.send(page('Failure', `<pre>${text(error.error ?? error.code ?? '')} ${text(error.stack)}</pre>`));
});

app.listen(Number(PORT), '127.0.0.1', () => console.log('App listening'));
