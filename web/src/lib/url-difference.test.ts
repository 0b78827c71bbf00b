import { expect, test } from 'vitest';
import { closest, difference } from './url-difference.ts';

test.each([
	['https://a.ex/cb', 'https://a.ex/callback', ['https://a.ex/c', 'b', '']],
	['https://a.ex/cb', 'http://a.ex/cb', ['http', 's', '://a.ex/cb']],
	['https://a.ex/cb', 'https://a.ex/cb', ['https://a.ex/cb', '', '']],
	['aa', 'aaa', ['aa', '', '']],
	['aaa', 'aa', ['aa', 'a', '']],
	['', 'x', ['', '', '']]
])('%s against %s', (text, other, parts) => {
	const { same, different, rest } = difference(text, other);
	expect([same, different, rest]).toEqual(parts);
});

test('the most alike is found', () => {
	const others = ['https://b.ex/cb', 'http://a.ex/cb', 'https://a.ex/cb/'];
	expect(closest('https://a.ex/cb', others)).toBe('https://a.ex/cb/');
	expect(closest('https://a.ex/cb', [])).toBeUndefined();
});
