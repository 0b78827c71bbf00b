/* An app with a SCIM 2.0 API, as a real HTTP server that keeps what it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Resource = Record<string, unknown> & { id: string };

export interface ScimApp {
	endpoint: string;
	users: Resource[];
	groups: Resource[];
	/** What it refuses to take from now on: names of people. */
	refused: Set<string>;
	stop: () => void;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
	let text = '';
	for await (const chunk of request) text += String(chunk);
	return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

/** Starts one that wants a token. */
export async function startScimApp(token: string): Promise<ScimApp> {
	const app: Pick<ScimApp, 'users' | 'groups' | 'refused'> = { users: [], groups: [], refused: new Set() };
	let next = 1;

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const say = (status: number, body?: unknown) => {
			response.writeHead(status, { 'Content-Type': 'application/scim+json' });
			response.end(body === undefined ? undefined : JSON.stringify(body));
		};
		const body = await bodyOf(request);
		if (request.headers.authorization !== `Bearer ${token}`) {
			say(401, { detail: 'The token is not valid' });
			return;
		}
		const [, , kind, id] = new URL(request.url ?? '/', 'http://app.example').pathname.split('/');
		const all = kind === 'Users' ? app.users : app.groups;
		const at = all.findIndex((resource) => resource.id === id);
		if (request.method === 'GET') {
			say(200, { totalResults: all.length, itemsPerPage: all.length, Resources: all });
		} else if (request.method === 'POST') {
			if (app.refused.has(String(body.userName))) {
				say(507, { detail: 'No seats left' });
				return;
			}
			const made = { ...body, id: String(next++) };
			all.push(made);
			say(201, made);
		} else if (at < 0) {
			say(404);
		} else if (request.method === 'PUT') {
			all[at] = { ...body, id: String(id) };
			say(200, all[at]);
		} else {
			all.splice(at, 1);
			say(204);
		}
	}

	const server = createServer((request, response) => void answer(request, response));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return { ...app, endpoint: `http://127.0.0.1:${port}/v2`, stop: () => void server.close() };
}
