import { configuration, type ConfigurationState } from '#lib/api/configuration.ts';
import { ApiError } from '#lib/api/error.ts';
import { m } from '#lib/paraglide/messages.js';
import { session } from '#lib/session.svelte.ts';

/** Somebody else changed the very settings that were to be saved. */
export class ChangedMeanwhile extends Error {}

/** The configuration as this page saw it. Saves only what changed, and proves what it saw. */
export class Configuration {
	#state: ConfigurationState = $state.raw({ values: {}, version: '*' });
	/** Counts up whenever values arrive that a form has not typed: forms begin anew. */
	revision = $state(0);

	constructor(state: ConfigurationState) {
		this.#state = state;
	}

	text(key: string): string {
		return this.#state.values[key] ?? '';
	}

	flag(key: string): boolean {
		return this.text(key) === 'true';
	}

	/** A list of texts, stored as JSON. */
	list<T>(key: string): T[] {
		try {
			const value: unknown = JSON.parse(this.text(key) || '[]');
			return Array.isArray(value) ? (value as T[]) : [];
		} catch {
			return [];
		}
	}

	/** Stores the values that differ from what this page saw. */
	async save(wanted: Record<string, string>): Promise<void> {
		const seen = this.#state;
		const changes = Object.fromEntries(
			Object.entries(wanted).filter(([key, value]) => value !== this.text(key))
		);
		if (Object.keys(changes).length === 0) return;
		try {
			this.#state = await configuration.change(changes, seen.version);
		} catch (error) {
			if (!(error instanceof ApiError) || error.status !== 412) throw error;
			const now = await configuration.all();
			const collides = Object.keys(changes).some((key) => now.values[key] !== seen.values[key]);
			this.#state = now;
			if (collides) {
				this.revision++;
				throw new ChangedMeanwhile(m.configuration_changed_meanwhile());
			}
			// Somebody changed other settings: these are still as they were seen.
			this.#state = await configuration.change(changes, now.version);
		}
		session.configured(await configuration.visible());
	}
}
