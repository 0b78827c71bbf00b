/* A tiny memory of the API: enough shapes to look at every page, no rules. */

interface Reply {
	status: number;
	body?: unknown;
}
type Json = Record<string, unknown>;

const now = () => new Date().toISOString();
let counter = 1;
const id = () => `00000000-0000-4000-8000-${String(counter++).padStart(12, '0')}`;

const person = (first: string, last: string, extra: Json = {}): Json => ({
	id: id(),
	username: first.toLowerCase(),
	email: `${first.toLowerCase()}@example.com`,
	emailVerified: true,
	firstName: first,
	lastName: last,
	displayName: `${first} ${last}`.trim(),
	isAdmin: false,
	disabled: false,
	locale: null,
	ldapId: null,
	customClaims: [],
	userGroups: [],
	...extra
});

const client = (name: string, extra: Json = {}): Json => ({
	id: id(),
	name,
	description: '',
	hasLogo: false,
	hasDarkLogo: false,
	launchURL: null,
	requiresReauthentication: false,
	clientType: 'standard',
	callbackURLs: [],
	logoutCallbackURLs: [],
	isPublic: false,
	pkceEnabled: false,
	requiresPushedAuthorizationRequests: false,
	skipConsent: false,
	credentials: { secrets: [] },
	isApproved: true,
	protocol: {
		tokenEndpointAuthMethod: null,
		jwks: null,
		jwksUri: null,
		idTokenSignedResponseAlg: null,
		userinfoSignedResponseAlg: null,
		requestObjectSigningAlg: null,
		requireSignedRequestObject: false,
		allowPlainPkce: false,
		dpopBoundAccessTokens: false,
		securityProfile: 'none',
		minimumAcr: null,
		defaultMaxAge: null,
		grantTypes: null,
		allowTokenImpersonation: false,
		allowTokenDelegation: false,
		backchannelLogoutUri: 'https://cloud.example.com/logout',
		backchannelLogoutSessionRequired: false,
		frontchannelLogoutUri: null,
		frontchannelLogoutSessionRequired: false
	},
	isGroupRestricted: false,
	accessTokenDurationMinutes: 60,
	refreshTokenDurationMinutes: 43200,
	allowedUserGroups: [],
	allowedUserGroupsCount: 0,
	...extra
});

const state = {
	signedIn: process.env.MOCK_SIGNED_OUT !== '1',
	setup: process.env.MOCK_SETUP === '1',
	users: [
		person('Ada', 'Lovelace', { isAdmin: true }),
		person('Grace', 'Hopper'),
		person('Alan', 'Turing', { disabled: true }),
		person('Radia', 'Perlman', { emailVerified: false })
	],
	clients: [
		client('Nextcloud', {
			description: 'Files, calendars and contacts',
			launchURL: 'https://cloud.example.com',
			callbackURLs: ['https://cloud.example.com/apps/user_oidc/code'],
			pkceSupported: true
		}),
		client('Immich', { description: 'Photo library', pkceEnabled: true, isPublic: true }),
		client('Grafana', { requiresReauthentication: true }),
		client('Forgejo', { pkceEnabled: true })
	],
	passkeys: [{ id: id(), name: 'iCloud Keychain Passkey', createdAt: now() }] as Json[]
};

const session = (device: string, current: boolean, clients: string[]): Json => ({
	id: id(),
	device,
	userAgent: 'Mozilla/5.0',
	ipAddress: '192.168.1.20',
	country: 'Internal Network',
	city: 'LAN',
	createdAt: now(),
	lastSeenAt: now(),
	expiresAt: now(),
	method: 'phr',
	current,
	clients: clients.map((name) => ({
		id: id(),
		clientId: name,
		name,
		createdAt: now(),
		lastUsedAt: now()
	}))
});
let sessions = [
	session('Firefox on Linux', true, ['Nextcloud', 'Immich']),
	session('Safari on iPhone', false, ['Grafana']),
	session('', false, [])
];
const delivery = (extra: Json): Json => ({
	id: id(),
	subject: id(),
	sid: id(),
	state: 'delivered',
	attempts: 1,
	nextAttemptAt: null,
	lastStatus: 200,
	lastError: null,
	createdAt: now(),
	deliveredAt: now(),
	...extra
});
const deliveries = [
	delivery({}),
	delivery({
		state: 'pending',
		attempts: 3,
		nextAttemptAt: now(),
		lastStatus: 503,
		lastError: 'the client answered with status 503'
	}),
	delivery({
		state: 'failed',
		attempts: 8,
		lastStatus: null,
		lastError: 'the server could not be reached'
	})
];

const found = (body: unknown): Reply => ({ status: 200, body });
const none: Reply = { status: 204 };
const missing: Reply = { status: 404, body: { error: 'Not found', code: 'not_found' } };

function list(items: Json[], url: URL, searched: string[]): Reply {
	const search = (url.searchParams.get('search') ?? '').toLowerCase();
	const column = url.searchParams.get('sort[column]');
	const direction = url.searchParams.get('sort[direction]') === 'desc' ? -1 : 1;
	const limit = Number(url.searchParams.get('pagination[limit]') ?? 20);
	let rows = items.filter((row) =>
		searched.some((key) => String(row[key]).toLowerCase().includes(search))
	);
	for (const [key, value] of url.searchParams) {
		const field = /^filters\[(\w+)\]$/.exec(key)?.[1];
		if (field) rows = rows.filter((row) => String(row[field]) === value);
	}
	if (column) {
		rows = [...rows].sort((a, b) => String(a[column]).localeCompare(String(b[column])) * direction);
	}
	return found({
		data: rows.slice(0, limit),
		pagination: {
			totalPages: Math.max(1, Math.ceil(rows.length / limit)),
			totalItems: rows.length,
			currentPage: 1,
			itemsPerPage: limit
		}
	});
}

function crud(items: Json[], key: string, method: string, body: Json): Reply {
	const item = items.find((entry) => entry.id === key);
	if (!item) return missing;
	if (method === 'GET') return found(item);
	if (method === 'DELETE') {
		items.splice(items.indexOf(item), 1);
		return none;
	}
	return found(Object.assign(item, { ...body, credentials: item.credentials }));
}

export function answer(method: string, url: URL, body: Json): Reply {
	const path = url.pathname;
	const route = `${method} ${path}`;
	const me = state.users[0] ?? {};
	if (route === 'GET /api/users/me') {
		return state.signedIn ? found(me) : { status: 401, body: { code: 'not_signed_in', error: '' } };
	}
	if (route === 'PUT /api/users/me') return found(Object.assign(me, body));
	if (route === 'GET /api/application-configuration') {
		return found([{ key: 'appName', type: '', value: 'Pocket ID' }]);
	}
	if (route === 'GET /api/signup/setup') return state.setup ? none : missing;
	if (route === 'POST /api/signup/setup') {
		state.signedIn = true;
		state.setup = false;
		return found(Object.assign(me, body));
	}
	if (route === 'POST /api/webauthn/logout') {
		state.signedIn = false;
		return none;
	}
	if (route === 'GET /api/webauthn/credentials') return found(state.passkeys);
	if (route === 'GET /api/webauthn/login/start') {
		return found({ challenge: 'bW9jaw', timeout: 60000, rpId: url.hostname });
	}
	if (route === 'POST /api/webauthn/login/finish') {
		state.signedIn = true;
		return found(me);
	}
	if (route === 'POST /api/webauthn/reauthenticate') return none;
	if (route === 'GET /api/webauthn/register/start') {
		return found({
			rp: { id: url.hostname, name: 'Pocket ID' },
			user: { id: 'bW9jaw', name: me.username, displayName: me.displayName },
			challenge: 'bW9jaw',
			timeout: 60000,
			pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
			authenticatorSelection: { residentKey: 'required', requireResidentKey: true }
		});
	}
	if (route === 'POST /api/webauthn/register/finish') {
		const created = { id: id(), name: 'New Passkey', createdAt: now() };
		state.passkeys.push(created);
		return found(created);
	}
	const passkey = /^\/api\/webauthn\/credentials\/(.+)$/.exec(path)?.[1];
	if (passkey) return crud(state.passkeys, passkey, method, body);

	if (/^\/api\/(users\/[^/]+\/)?sessions(\/|$)/.test(path)) {
		const mine = path.startsWith('/api/sessions');
		if (method === 'GET')
			return found(sessions.map((one) => (mine ? one : { ...one, current: false })));
		sessions = sessions.filter((one) => one.current && !path.endsWith(String(one.id)));
		return none;
	}
	if (path.endsWith('/logout-deliveries')) return found(deliveries);

	if (route === 'GET /api/users') return list(state.users, url, ['username', 'firstName', 'email']);
	if (route === 'POST /api/users') {
		if (state.users.some((user) => user.username === body.username)) {
			return {
				status: 409,
				body: { error: 'Username is already in use', code: 'already_in_use' }
			};
		}
		const created = { ...person('', ''), ...body };
		state.users.push(created);
		return { status: 201, body: created };
	}
	const user = /^\/api\/users\/([^/]+)$/.exec(path)?.[1];
	if (user) return crud(state.users, user, method, body);

	if (route === 'GET /api/oidc/clients') return list(state.clients, url, ['name']);
	if (route === 'POST /api/oidc/clients') {
		const created = client(String(body.name), { ...body, credentials: { secrets: [] } });
		if (!created.id) created.id = id();
		state.clients.push(created);
		return { status: 201, body: created };
	}
	const secretPath = /^\/api\/oidc\/clients\/([^/]+)\/secrets(?:\/(.+))?$/.exec(path);
	if (secretPath) {
		const owner = state.clients.find((entry) => entry.id === secretPath[1]);
		if (!owner) return missing;
		const secrets = (owner.credentials as { secrets: Json[] }).secrets;
		if (method === 'GET') return found(secrets);
		if (method === 'DELETE') return crud(secrets, secretPath[2] ?? '', method, body);
		const value = crypto.randomUUID().replaceAll('-', '');
		const secret = {
			id: id(),
			prefix: value.slice(0, 4),
			createdAt: now(),
			expiresAt: body.expiresAt ?? null,
			isActive: true
		};
		secrets.push(secret);
		return { status: 201, body: { ...secret, secret: value } };
	}
	const clientId = /^\/api\/oidc\/clients\/([^/]+)$/.exec(path)?.[1];
	if (clientId) return crud(state.clients, clientId, method, body);

	const interaction = /^\/api\/oidc\/interactions\/([^/]+)(\/complete)?$/.exec(path);
	if (interaction) {
		if (interaction[2]) return found({ redirectUrl: '/settings/account' });
		return found({
			id: interaction[1],
			scopes: ['openid', 'email', 'profile', 'groups'],
			scopeInfo: [],
			client: state.clients[0],
			// The interaction's ID says which step to show.
			currentStep: interaction[1],
			requiredSteps: [interaction[1]]
		});
	}
	if (path === '/.well-known/openid-configuration') {
		const base = 'https://id.example.com';
		return found({
			issuer: base,
			authorization_endpoint: `${base}/authorize`,
			token_endpoint: `${base}/api/oidc/token`,
			userinfo_endpoint: `${base}/api/oidc/userinfo`,
			end_session_endpoint: `${base}/api/oidc/end-session`,
			jwks_uri: `${base}/.well-known/jwks.json`
		});
	}
	return missing;
}
