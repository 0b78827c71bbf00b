import { SvelteMap } from 'svelte/reactivity';

/**
 * Client secrets made during this visit, by their ID. The server keeps only a hash, so this is the one
 * time their value can be shown. Never stored; gone on reload and when the client's page is left.
 */
class FreshSecrets {
	#values = new SvelteMap<string, string>();

	add(secretId: string, value: string): void {
		this.#values.set(secretId, value);
	}

	get(secretId: string): string | undefined {
		return this.#values.get(secretId);
	}

	clear(): void {
		this.#values.clear();
	}
}

export const freshSecrets = new FreshSecrets();
