/** How far "page up" and "page down" go: about what a list shows at once. */
const PAGE = 8;

/**
 * Which option of `count` a key of the ARIA combobox pattern leads to; none for keys that do not move. Arrows go round,
 * pages stop at the ends. `active` is -1 while no option is.
 */
export function movedTo(key: string, active: number, count: number): number | undefined {
	if (count === 0) return undefined;
	switch (key) {
		case 'ArrowDown':
			return active + 1 < count ? active + 1 : 0;
		case 'ArrowUp':
			return active > 0 ? active - 1 : count - 1;
		case 'Home':
			return 0;
		case 'End':
			return count - 1;
		case 'PageDown':
			return Math.min(active + PAGE, count - 1);
		case 'PageUp':
			return Math.max(active - PAGE, 0);
		default:
			return undefined;
	}
}
