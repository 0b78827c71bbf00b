import { m } from '#lib/paraglide/messages.js';

export interface ConfirmRequest {
	title: string;
	message: string;
	/** Defaults to "Confirm". */
	label?: string;
	destructive?: boolean;
	/** Runs after the dialog closed; reports its own failure. */
	action: () => void | Promise<void>;
}

/** The one question the page is asking, shown by ConfirmHost. */
export const confirmState = $state<{ request: Required<ConfirmRequest> | null }>({ request: null });

export function confirm(request: ConfirmRequest): void {
	confirmState.request = { label: m.confirm(), destructive: false, ...request };
}
