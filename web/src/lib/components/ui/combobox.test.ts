import { expect, test } from 'vitest';
import { movedTo } from './combobox.ts';

test.each([
	['ArrowDown', -1, 3, 0],
	['ArrowDown', 0, 3, 1],
	['ArrowDown', 2, 3, 0],
	['ArrowUp', 2, 3, 1],
	['ArrowUp', 0, 3, 2],
	['ArrowUp', -1, 3, 2],
	['Home', 2, 3, 0],
	['End', 0, 3, 2],
	['PageDown', 0, 20, 8],
	['PageDown', 15, 20, 19],
	['PageUp', 15, 20, 7],
	['PageUp', 3, 20, 0],
	['a', 1, 3, undefined],
	['Enter', 1, 3, undefined],
	['ArrowDown', -1, 0, undefined],
	['End', -1, 0, undefined]
])('%s at option %i of %i leads to %s', (key, active, count, expected) => {
	expect(movedTo(key, active, count)).toBe(expected);
});
