import type { Versioned } from '#lib/api/client.ts';
import { ApiError } from '#lib/api/error.ts';

/** How often a change is tried again because something else of the thing was changed meanwhile. */
const ATTEMPTS = 4;

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** Whether a change was refused because somebody else was faster. */
export const isOutdated = (error: unknown): boolean =>
	error instanceof ApiError && error.status === 412;

/** Something administrators edit, as this page saw it last. All cards of a page share it. */
export class Edited<T> {
	#seen: Versioned<T> = $state.raw() as Versioned<T>;
	readonly #load: (value: T) => Promise<Versioned<T>>;

	constructor(seen: Versioned<T>, load: (value: T) => Promise<Versioned<T>>) {
		this.#seen = seen;
		this.#load = load;
	}

	get value(): T {
		return this.#seen.value;
	}

	get version(): string {
		return this.#seen.version;
	}

	set(seen: Versioned<T>): void {
		this.#seen = seen;
	}

	async reload(): Promise<void> {
		this.#seen = await this.#load(this.value);
	}
}

/**
 * The fields one card shows of something. Saving sends what was changed here on top of what is stored now, and proves
 * to have seen that. Where somebody else changed the same field meanwhile, nothing is sent: the person decides.
 */
export class Part<T, F extends object> {
	/** Somebody else changed the very fields that were to be saved. */
	collided = $state(false);
	readonly #edited: Edited<T>;
	readonly #fields: (value: T) => F;
	/** The fields as they were stored when the card began to show them. */
	#shown: F;
	/** The fields as the person knows they are stored. */
	#known: F;

	constructor(edited: Edited<T>, fields: (value: T) => F) {
		this.#edited = edited;
		this.#fields = fields;
		this.#shown = this.#known = fields(edited.value);
	}

	/** The card shows what is stored. */
	accept(): void {
		this.#shown = this.#known = this.#fields(this.#edited.value);
		this.collided = false;
	}

	/** The person knows what is stored now, and will have their own all the same. */
	insist(): void {
		this.#known = this.#fields(this.#edited.value);
	}

	/** The card shows what is stored of one field. */
	acceptField(key: keyof F): void {
		const stored = this.#fields(this.#edited.value)[key];
		this.#shown = { ...this.#shown, [key]: stored };
		this.#known = { ...this.#known, [key]: stored };
	}

	/** Whether it was saved; if not, `collided` says so. */
	async save(
		mine: F,
		send: (fields: F, now: T, version: string) => Promise<Versioned<T>>
	): Promise<boolean> {
		this.collided = false;
		for (let attempt = 1; ; attempt++) {
			const stored = this.#fields(this.#edited.value);
			const merged = { ...stored };
			for (const key of Object.keys(mine) as (keyof F)[]) {
				if (same(mine[key], this.#shown[key])) continue;
				if (!same(stored[key], this.#known[key]) && !same(stored[key], mine[key])) {
					this.collided = true;
					return false;
				}
				merged[key] = mine[key];
			}
			try {
				this.#edited.set(await send(merged, this.#edited.value, this.#edited.version));
			} catch (error) {
				if (!isOutdated(error) || attempt === ATTEMPTS) throw error;
				await this.#edited.reload();
				continue;
			}
			this.accept();
			return true;
		}
	}
}

/** Makes a change that depends on no form: whatever else is stored by now stays. */
export async function change<T>(
	load: () => Promise<Versioned<T>>,
	send: (now: T, version: string) => Promise<Versioned<T>>
): Promise<Versioned<T>> {
	for (let attempt = 1; ; attempt++) {
		const { value, version } = await load();
		try {
			return await send(value, version);
		} catch (error) {
			if (!isOutdated(error) || attempt === ATTEMPTS) throw error;
		}
	}
}
