import { errorMessage } from '#lib/error-message.ts';

const PAUSE = 300;

/** What the server finds for a text somebody is typing. Only the answer to the last question counts. */
export class ServerSearch<T> {
	text = $state('');
	found = $state.raw<T[]>([]);
	failure = $state<string | null>(null);
	busy = $state(false);
	readonly #ask: (search: string | undefined) => Promise<T[]>;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#generation = 0;

	constructor(ask: (search: string | undefined) => Promise<T[]>) {
		this.#ask = ask;
	}

	/** Asks at once. */
	async load(): Promise<void> {
		const mine = ++this.#generation;
		this.busy = true;
		try {
			const found = await this.#ask(this.text.trim() || undefined);
			if (mine !== this.#generation) return;
			this.found = found;
			this.failure = null;
		} catch (error) {
			if (mine === this.#generation) this.failure = errorMessage(error);
		} finally {
			if (mine === this.#generation) this.busy = false;
		}
	}

	/** Asks as soon as the typing pauses. */
	typed(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.load(), PAUSE);
	}

	/** Nobody waits for an answer any more. */
	stop(): void {
		clearTimeout(this.#timer);
		this.#generation++;
	}
}
