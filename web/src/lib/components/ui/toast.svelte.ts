import { errorMessage } from '#lib/error-message.ts';

export type ToastType = 'success' | 'error';

export interface Toast {
	id: number;
	type: ToastType;
	message: string;
}

const DURATION = 4000;

let nextId = 1;

class Toasts {
	list = $state<Toast[]>([]);
	#timers = new Map<number, ReturnType<typeof setTimeout>>();

	#show(type: ToastType, message: string): void {
		const toast = { id: nextId++, type, message };
		this.list.push(toast);
		this.resume(toast.id);
	}

	success = (message: string): void => this.#show('success', message);

	/** Accepts a text or anything that was thrown, after what did not work where that is not plain. */
	error = (error: unknown, failed?: string): void => {
		const reason = typeof error === 'string' ? error : errorMessage(error);
		this.#show('error', failed === undefined ? reason : `${failed}. ${reason}`);
	};

	dismiss(id: number): void {
		this.pause(id);
		this.list = this.list.filter((toast) => toast.id !== id);
	}

	/** Reading takes longer than four seconds for some: pointer and focus hold a toast. */
	pause(id: number): void {
		clearTimeout(this.#timers.get(id));
		this.#timers.delete(id);
	}

	resume(id: number): void {
		this.pause(id);
		this.#timers.set(
			id,
			setTimeout(() => this.dismiss(id), DURATION)
		);
	}
}

export const toast = new Toasts();
