import { expect, test } from 'vitest';
import { claimFaults } from './claims';

test('each row needs a key of its own and a value', () => {
	const faults = claimFaults([
		{ key: 'a', value: '1' },
		{ key: ' ', value: '1' },
		{ key: 'b', value: '' },
		{ key: 'a ', value: '2' }
	]);
	expect(Object.entries(faults).map(([row, { field }]) => [row, field])).toEqual([
		['1', 'key'],
		['2', 'value'],
		['3', 'key']
	]);
	expect(claimFaults([{ key: 'a', value: ' ' }])).toEqual({});
});
