import { expect, test } from 'vitest';
import { safeRedirect } from './redirect.ts';

const origin = 'https://id.example.com';

test.each([
	['/settings', '/settings'],
	['/settings/account?a=1&b=%2F#general', '/settings/account?a=1&b=%2F#general'],
	['/authorize?interaction=1', '/authorize?interaction=1'],
	['/a/../settings', '/settings'],
	['/', '/']
])('%j stays on this site', (target, expected) => {
	expect(safeRedirect(target, origin)).toBe(expected);
});

test.each([
	null,
	undefined,
	'',
	'settings',
	'https://evil.example.com',
	'https://id.example.com/settings',
	'//evil.example.com',
	'/\\evil.example.com',
	'\\\\evil.example.com',
	'/\t/evil.example.com',
	'/\n/evil.example.com',
	'/.//evil.example.com',
	'/x/..//evil.example.com',
	'/%2e//evil.example.com',
	'/x/%2E%2e//evil.example.com',
	'/.\\/evil.example.com',
	'/./\t/evil.example.com',
	'javascript:alert(1)',
	'data:text/html,x',
	' /settings'
])('%j is refused', (target) => {
	expect(safeRedirect(target, origin)).toBeNull();
});
