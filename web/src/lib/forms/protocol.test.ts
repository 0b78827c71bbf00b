import { expect, test } from 'vitest';
import { parseJwks, parseSeconds } from './protocol.ts';

test.each([
	['', null],
	[' {"keys": []} ', { keys: [] }],
	['[]', undefined],
	['null', undefined],
	['{', undefined]
])('keys %j', (text, expected) => {
	expect(parseJwks(text)).toEqual(expected);
});

test.each([
	['', null],
	[' 600 ', 600],
	['0', 0],
	['-1', undefined],
	['1.5', undefined],
	['soon', undefined]
])('seconds %j', (text, expected) => {
	expect(parseSeconds(text)).toBe(expected);
});
