import { expect, test } from 'vitest';
import { normalizeUserCode } from './user-code.ts';

test.each([
	['eabc1230', 'EABC1230'],
	[' eabc - i23o ', 'EABC1230'],
	['EABC1230999', 'EABC1230'],
	['é!', ''],
	['', '']
])('%j becomes %j', (typed, expected) => {
	expect(normalizeUserCode(typed)).toBe(expected);
});
