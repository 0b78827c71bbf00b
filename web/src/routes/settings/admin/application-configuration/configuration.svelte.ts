import { configuration, type Values } from '#lib/api/configuration.ts';
import { toast } from '#lib/components/ui/toast.svelte.ts';
import { Part, type Edited } from '#lib/forms/edited.svelte.ts';
import { m } from '#lib/paraglide/messages.js';
import { session } from '#lib/session.svelte.ts';
import { whenProven } from '#lib/webauthn.ts';

/** The configuration for one form. All forms of the page share what was seen of it. */
export class Configuration {
	/** Counts up whenever values arrive that the form has not typed: it begins anew. */
	revision = $state(0);
	readonly #edited: Edited<Values>;

	constructor(edited: Edited<Values>) {
		this.#edited = edited;
	}

	text(key: string): string {
		return this.#edited.value[key] ?? '';
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

	/** The settings a form shows. */
	part(keys: string[]): Part<Values, Values> {
		return new Part(this.#edited, (values) =>
			Object.fromEntries(keys.map((key) => [key, values[key] ?? '']))
		);
	}

	/** Stores what was changed of a form's settings; whether it did. */
	async save(part: Part<Values, Values>, wanted: Values): Promise<boolean> {
		let sent: Values = wanted;
		const done = await part.save(wanted, async (merged, now, version) => {
			const changes = Object.fromEntries(
				Object.entries(merged).filter(([key, value]) => value !== (now[key] ?? ''))
			);
			sent = merged;
			return Object.keys(changes).length === 0
				? { value: now, version }
				: whenProven(() => configuration.change(changes, version));
		});
		if (!done) return false;
		// Somebody else changed other settings of this form: they are shown.
		if (Object.keys(wanted).some((key) => sent[key] !== wanted[key])) this.revision++;
		await this.#announce();
		return true;
	}

	/** The rest of the UI learns of it. What is stored is stored, whether or not this works. */
	async #announce(): Promise<void> {
		try {
			session.configured(await configuration.visible());
		} catch (error) {
			toast.error(error, m.load_failed());
		}
	}
}
