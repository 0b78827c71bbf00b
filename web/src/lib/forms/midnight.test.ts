import { expect, test } from 'vitest';
import { midnightIn } from './midnight';

test('days are counted by the calendar', () => {
	const from = new Date(2026, 11, 20, 15, 30);
	expect(midnightIn(30, from)).toEqual(new Date(2027, 0, 19));
	expect(midnightIn(0, from)).toEqual(new Date(2026, 11, 20));
});
