import { describe, expect, it } from 'vitest';
import { versionOf, type Versioned } from '#lib/api/client.ts';
import { ApiError } from '#lib/api/error.ts';
import { change, Edited, Part } from './edited.svelte.ts';

interface Thing {
	name: string;
	color: string;
	hidden: string;
}

/** A server that keeps one thing, and refuses what is based on an older version. */
class Server {
	value: Thing = { name: 'a', color: 'red', hidden: 'h' };
	#number = 1;
	sent = 0;

	get = (): Promise<Versioned<Thing>> =>
		Promise.resolve({ value: this.value, version: String(this.#number) });

	put = async (value: Thing, version: string): Promise<Versioned<Thing>> => {
		this.sent++;
		if (version !== String(this.#number)) {
			throw new ApiError({ message: '', status: 412, code: 'precondition_failed' });
		}
		this.value = value;
		this.#number++;
		return this.get();
	};

	/** Somebody else's change. */
	async other(change: Partial<Thing>) {
		await this.put({ ...this.value, ...change }, String(this.#number));
		this.sent = 0;
	}
}

async function page() {
	const server = new Server();
	const edited = new Edited(await server.get(), server.get);
	const part = new Part(edited, ({ name, color }: Thing) => ({ name, color }));
	const save = (name: string, color: string) =>
		part.save({ name, color }, (fields, now, version) =>
			server.put({ ...now, ...fields }, version)
		);
	return { server, edited, part, save };
}

describe('a card saves what was changed in it', () => {
	it('and nothing else, however often others change the rest', async () => {
		const { server, save, part } = await page();
		await server.other({ color: 'blue' });
		expect(await save('b', 'red')).toBe(true);
		expect(server.value).toEqual({ name: 'b', color: 'blue', hidden: 'h' });
		await server.other({ hidden: 'i' });
		expect(await save('c', 'blue')).toBe(true);
		expect(server.value).toEqual({ name: 'c', color: 'blue', hidden: 'i' });
		expect(part.collided).toBe(false);
	});

	it('and says when somebody else changed the same', async () => {
		const { server, save, part } = await page();
		await server.other({ name: 'theirs' });
		expect(await save('mine', 'red')).toBe(false);
		expect(part.collided).toBe(true);
		expect(server.value.name).toBe('theirs');
		// Again, without a decision.
		expect(await save('mine', 'red')).toBe(false);
		expect(server.value.name).toBe('theirs');
	});

	it('unless the person has their own all the same, of what they know', async () => {
		const { server, save, part } = await page();
		await server.other({ name: 'theirs', color: 'blue' });
		expect(await save('mine', 'red')).toBe(false);
		part.insist();
		await server.other({ name: 'theirs again' });
		expect(await save('mine', 'red')).toBe(false);
		part.insist();
		expect(await save('mine', 'red')).toBe(true);
		expect(server.value).toEqual({ name: 'mine', color: 'blue', hidden: 'h' });
		expect(part.collided).toBe(false);
	});

	it('unless both say the same', async () => {
		const { server, save } = await page();
		await server.other({ name: 'both' });
		expect(await save('both', 'red')).toBe(true);
	});

	it('and does not put back what another card of the page learned meanwhile', async () => {
		const { server, edited, save } = await page();
		const other = new Part(edited, ({ hidden }: Thing) => ({ hidden }));
		await server.other({ name: 'theirs' });
		expect(
			await other.save({ hidden: 'i' }, (fields, now, version) =>
				server.put({ ...now, ...fields }, version)
			)
		).toBe(true);
		// The form still shows the old name, and nobody touched it.
		expect(await save('a', 'green')).toBe(true);
		expect(server.value).toEqual({ name: 'theirs', color: 'green', hidden: 'i' });
	});

	it('and other failures are its own', async () => {
		const { part } = await page();
		const failure = new ApiError({ message: '', status: 400 });
		await expect(
			part.save({ name: 'b', color: 'red' }, () => Promise.reject(failure))
		).rejects.toBe(failure);
		expect(part.collided).toBe(false);
	});

	it('and gives up when it is refused again and again', async () => {
		const { server, part } = await page();
		const refused = new ApiError({ message: '', status: 412 });
		let attempts = 0;
		await expect(
			part.save({ name: 'b', color: 'red' }, () => {
				attempts++;
				return Promise.reject(refused);
			})
		).rejects.toBe(refused);
		expect(attempts).toBe(4);
		expect(server.sent).toBe(0);
	});
});

it('a change without a form keeps what is stored by now', async () => {
	const server = new Server();
	let first = true;
	await change(server.get, async (now, version) => {
		if (first) await server.other({ color: 'blue' });
		first = false;
		return server.put({ ...now, hidden: 'shown' }, version);
	});
	expect(server.value).toEqual({ name: 'a', color: 'blue', hidden: 'shown' });
});

it('versions survive proxies that compress', () => {
	for (const [tag, expected] of [
		['"ab"', '"ab"'],
		['W/"ab"', '"ab"'],
		['"ab-gzip"', '"ab"'],
		[null, '*']
	] as const) {
		const headers = new Headers(tag === null ? {} : { ETag: tag });
		expect(versionOf(headers)).toBe(expected);
	}
});
