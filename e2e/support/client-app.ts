/* The real OIDC client applications of e2e/clients, as processes. */
import { createPublicKey } from 'node:crypto';
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { start, type Running } from './process.js';

const E2E = resolve(import.meta.dirname, '..');

export type Library = 'openid-client' | 'Authlib' | 'requests_oauth2client';
export type AuthMethod =
	| 'client_secret_basic'
	| 'client_secret_post'
	| 'client_secret_jwt'
	| 'private_key_jwt'
	| 'none';

interface Settings {
	issuer: string;
	port: number;
	clientId: string;
	clientSecret?: string;
	/** PKCS #8, as PEM text. */
	clientKey?: string;
	authMethod: AuthMethod;
}

const programs: Record<Library, { program: string; arguments: string[] }> = {
	'openid-client': {
		program: process.execPath,
		arguments: [resolve(E2E, 'clients/openid-client/app.mjs')]
	},
	Authlib: {
		program: resolve(E2E, '.venv/bin/python'),
		arguments: [resolve(E2E, 'clients/authlib/app.py')]
	},
	requests_oauth2client: {
		program: resolve(E2E, '.venv/bin/python'),
		arguments: [resolve(E2E, 'clients/requests-oauth2client/app.py')]
	}
};

/** Starts a client application. It is another site than Pocket ID: 127.0.0.1 and not localhost. */
export function startClientApp(library: Library, settings: Settings): Promise<Running> {
	return start({
		...programs[library],
		folder: tmpdir(),
		environment: {
			ISSUER: settings.issuer,
			PORT: String(settings.port),
			CLIENT_ID: settings.clientId,
			AUTH_METHOD: settings.authMethod,
			...(settings.clientSecret === undefined ? {} : { CLIENT_SECRET: settings.clientSecret }),
			...(settings.clientKey === undefined ? {} : { CLIENT_KEY: settings.clientKey })
		},
		ready: 'App listening'
	});
}

/** Starts Debian's Apache with mod_auth_openidc in front of a page at `/protected/`. */
export async function startApache(
	settings: Settings & { responseMode?: 'query' | 'form_post' }
): Promise<Running> {
	// Apache gives up root: its user must reach the pages and the state, wherever the checkout lies.
	const state = await mkdtemp(join(tmpdir(), 'pocket-id-apache-'));
	await chmod(state, 0o755);
	const pages = join(state, 'htdocs');
	await cp(resolve(E2E, 'clients/apache/htdocs'), pages, { recursive: true });
	if (settings.clientKey !== undefined) {
		const publicKey = createPublicKey(settings.clientKey).export({ type: 'spki', format: 'pem' });
		await writeFile(join(state, 'client.pem'), settings.clientKey);
		await writeFile(join(state, 'public.pem'), publicKey);
	}
	const running = await start({
		program: '/usr/sbin/apache2',
		arguments: [
			...['-D', 'FOREGROUND', '-f', resolve(E2E, 'clients/apache/httpd.conf')],
			...(settings.clientSecret === undefined ? [] : ['-D', 'SECRET']),
			...(settings.clientKey === undefined ? [] : ['-D', 'KEY'])
		],
		folder: state,
		environment: {
			ISSUER: settings.issuer,
			PORT: String(settings.port),
			CLIENT_ID: settings.clientId,
			CLIENT_SECRET: settings.clientSecret ?? '',
			AUTH_METHOD: settings.authMethod,
			RESPONSE_MODE: settings.responseMode ?? 'query',
			PAGES: pages,
			STATE: state
		},
		ready: 'resuming normal operations'
	});
	return {
		log: running.log,
		stop: async () => {
			await running.stop();
			await rm(state, { recursive: true, force: true });
		}
	};
}
