import { tick } from 'svelte';
import { ApiError } from '#lib/api/error.ts';
import { errorMessage } from '#lib/error-message.ts';
import { holdFocus } from './focus.ts';

export type FieldErrors = Record<string, string | undefined>;

/**
 * The life of one form: its values, one error per field, and whether it is being sent. Errors of the
 * API that name a field are shown at that field, as if the browser had found them.
 */
export class Form<T extends object> {
	values: T = $state() as T;
	errors: FieldErrors = $state({});
	busy = $state(false);

	constructor(initial: T) {
		this.values = initial;
	}

	reset(values: T): void {
		this.values = values;
		this.errors = {};
	}

	/**
	 * Validates, then runs `send`. Returns the message of a failure (for a toast or a paragraph), or
	 * null when it worked or when the fields already say what is wrong.
	 */
	async submit(
		element: EventTarget | null,
		validate: (values: T) => FieldErrors,
		send: (values: T) => Promise<void>
	): Promise<string | null> {
		if (this.busy) return null;
		this.errors = validate(this.values);
		if (this.#invalid()) {
			await this.#focusFirstError(element);
			return null;
		}
		const giveFocusBack = holdFocus();
		this.busy = true;
		try {
			await send(this.values);
			return null;
		} catch (error) {
			if (error instanceof ApiError) {
				for (const { field, message } of error.fields) {
					this.errors[field] ??= message.charAt(0).toUpperCase() + message.slice(1);
				}
			}
			return errorMessage(error);
		} finally {
			this.busy = false;
			// The field at fault need not be one of this form.
			if (!this.#invalid() || !(await this.#focusFirstError(element))) await giveFocusBack();
		}
	}

	/** The errors of a list's entries by position: `callbackURLs[2]` is entry 2 of `callbackURLs`. */
	listErrors(field: string): Record<number, string> {
		const found: Record<number, string> = {};
		for (const [key, message] of Object.entries(this.errors)) {
			const index = new RegExp(`^${field}\\[(\\d+)\\]$`).exec(key)?.[1];
			if (index !== undefined && message) found[Number(index)] = message;
		}
		return found;
	}

	#invalid(): boolean {
		return Object.values(this.errors).some((message) => message !== undefined);
	}

	/** Whether there is one to be seen. */
	async #focusFirstError(element: EventTarget | null): Promise<boolean> {
		await tick();
		if (!(element instanceof HTMLElement)) return false;
		const field = element.querySelector<HTMLElement>('[aria-invalid="true"]');
		field?.focus();
		return field !== null;
	}
}
