import { expect, test } from 'vitest';
import { claimFaults } from './claims';

test('each row needs a key of its own and a value', () => {
	const faults = claimFaults([
		{ key: 'a', value: '1' },
		{ key: ' ', value: '1' },
		{ key: 'b', value: '' },
		{ key: 'a ', value: '2' }
	]);
	expect(Object.keys(faults)).toEqual(['1', '2', '3']);
	expect(claimFaults([{ key: 'a', value: ' ' }])).toEqual({});
});
