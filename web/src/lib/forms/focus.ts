import { tick } from 'svelte';

/**
 * Remembers what has the focus. Fields and buttons are disabled while they are sent, and lose it: the returned function
 * gives it back, unless it has gone elsewhere.
 */
export function holdFocus(): () => Promise<void> {
	const held = document.activeElement;
	return async () => {
		await tick();
		const lost = document.activeElement === null || document.activeElement === document.body;
		if (lost && held instanceof HTMLElement && held.isConnected) held.focus();
	};
}
