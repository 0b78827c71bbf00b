import { session } from './session.svelte.ts';

/** Whether nothing is to move: for everybody here, or for this person. What CSS moves, app.css stops by itself. */
export function still(): boolean {
	return session.config.disableAnimations || matchMedia('(prefers-reduced-motion: reduce)').matches;
}
