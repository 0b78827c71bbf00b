import { untrack } from 'svelte';

/** Runs `action` whenever `value` gives another one, but not for the first: tables fetch their first page themselves. */
export function whenChanged(value: () => unknown, action: () => void): void {
	let last = untrack(value);
	$effect(() => {
		const now = value();
		if (now === last) return;
		last = now;
		untrack(action);
	});
}
