import { expect, test } from 'vitest';
import { webAddress } from './web-address.ts';

test.each([
	['https://app.example/policy?a=1&b=2', 'https://app.example/policy?a=1&b=2'],
	['HTTP://App.Example', 'http://app.example/'],
	['javascript:alert(1)', null],
	[' java\nscript:alert(1)', null],
	['data:text/html,x', null],
	['//app.example/', null],
	['/policy', null],
	['', null],
	[null, null],
	[undefined, null]
])('%s', (text, expected) => {
	expect(webAddress(text)).toBe(expected);
});
