import { expect, test } from 'vitest';
import type { Versioned } from '#lib/api/client.ts';
import { ApiError } from '#lib/api/error.ts';
import type { ScimServiceProvider } from '#lib/api/types.ts';
import { Edited, Part } from './edited.svelte.ts';
import { marked, NOTHING, storedFields, typedFields } from './scim.ts';

const HIDDEN = 'XXXXXXXXXX';

/** A server that keeps one provider, hides its token, and refuses what is based on an older version. */
class Server {
	endpoint = 'https://a.example/v2';
	token = 'first';
	#number = 1;

	get = (): Promise<Versioned<ScimServiceProvider>> =>
		Promise.resolve({
			value: { endpoint: this.endpoint, token: this.token && HIDDEN } as ScimServiceProvider,
			version: String(this.#number)
		});

	put = (endpoint: string, token: string, version = String(this.#number)) => {
		if (version !== String(this.#number)) {
			throw new ApiError({ message: '', status: 412, code: 'precondition_failed' });
		}
		this.endpoint = endpoint;
		if (token !== HIDDEN) this.token = token;
		this.#number++;
		return this.get();
	};
}

async function page() {
	const server = new Server();
	const edited = new Edited(marked(await server.get()), async () => marked(await server.get()));
	const part = new Part(edited, storedFields);
	const shown = edited.value;
	const save = (endpoint: string, token: string) =>
		part.save(typedFields({ endpoint, token }, shown), async (fields, _now, version) =>
			marked(await server.put(fields.endpoint, fields.token.text, version))
		);
	return { server, part, save };
}

test('what nobody touched here stays as somebody else left it', async () => {
	const { server, save } = await page();
	await server.put('https://a.example/v3', 'second');
	expect(await save('https://a.example/v2', HIDDEN)).toBe(true);
	expect([server.endpoint, server.token]).toEqual(['https://a.example/v3', 'second']);
});

test('two tokens collide although both read the same', async () => {
	const { server, part, save } = await page();
	await server.put('https://a.example/v2', 'second');
	expect(await save('https://a.example/v2', 'mine')).toBe(false);
	expect(part.collided).toBe(true);
	expect(server.token).toBe('second');
	part.insist();
	expect(await save('https://a.example/v2', 'mine')).toBe(true);
	expect(server.token).toBe('mine');
});

test('a token is not sent to an address somebody else put there meanwhile', async () => {
	const { server, save } = await page();
	await server.put('https://b.example/v2', 'second');
	expect(await save('https://a.example/v2', 'mine')).toBe(false);
	expect([server.endpoint, server.token]).toEqual(['https://b.example/v2', 'second']);
});

test('what was typed where there was nothing is no change of a token nobody typed', () => {
	expect(typedFields({ endpoint: 'https://a.example', token: '' }, NOTHING).token).toEqual(
		storedFields(NOTHING).token
	);
});
