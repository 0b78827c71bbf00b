import type { Plugin } from 'vite';
import { answer } from './server.ts';

/** Answers the API from memory, so that the UI can be worked on without a server. Never built in. */
export function apiMock(): Plugin {
	return {
		name: 'api-mock',
		configureServer(server) {
			server.middlewares.use((request, response, next) => {
				const url = new URL(request.url ?? '/', 'http://localhost');
				if (!/^\/(api|\.well-known)\//.test(url.pathname)) return next();
				if (url.pathname === '/api/oidc/end-session/confirmed') {
					answer('POST', new URL('/api/webauthn/logout', url), {});
					response.writeHead(303, { Location: '/login' }).end();
					return;
				}
				let body = '';
				request.on('data', (chunk: Buffer) => (body += chunk.toString()));
				request.on('end', () => {
					const result = answer(request.method ?? 'GET', url, body === '' ? {} : JSON.parse(body));
					response.statusCode = result.status;
					response.setHeader('X-Request-ID', 'mock');
					response.setHeader('Content-Type', 'application/json');
					response.end(result.body === undefined ? '' : JSON.stringify(result.body));
				});
			});
		}
	};
}
