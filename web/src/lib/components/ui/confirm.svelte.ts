import { m } from '#lib/paraglide/messages.js';

export interface ConfirmRequest {
	title: string;
	message: string;
	/** Defaults to "Confirm". */
	label?: string;
	destructive?: boolean;
	/** Runs after the dialog closed; reports its own failure. */
	action: () => void | Promise<void>;
	/** Runs when the dialog is closed without it. */
	declined?: () => void;
}

export type Shown = Required<Omit<ConfirmRequest, 'declined'>> & Pick<ConfirmRequest, 'declined'>;

/** The one question the page is asking, shown by ConfirmHost. */
export const confirmState = $state<{ request: Shown | null }>({ request: null });

export function confirm(request: ConfirmRequest): void {
	confirmState.request = { label: m.confirm(), destructive: false, ...request };
}

/** The answer to a question, for those that have something to do only afterwards. */
export function confirmed(question: Omit<ConfirmRequest, 'action' | 'declined'>): Promise<boolean> {
	return new Promise((resolve) =>
		confirm({ ...question, action: () => resolve(true), declined: () => resolve(false) })
	);
}
