/* The real OIDC client applications of e2e/clients, as processes. */
import { resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { start, type Running } from './process.js';

const E2E = resolve(import.meta.dirname, '..');

export type Library = 'openid-client' | 'Authlib';
export type AuthMethod = 'client_secret_basic' | 'client_secret_post' | 'none';

interface Settings {
	issuer: string;
	port: number;
	clientId: string;
	clientSecret?: string;
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
			...(settings.clientSecret === undefined ? {} : { CLIENT_SECRET: settings.clientSecret })
		},
		ready: 'App listening'
	});
}
