import { expect, test } from 'vitest';
import * as rules from './rules.ts';

test.each(['a', 'ada', 'ada.lovelace', 'a_b-c@d', '1', 'A'.repeat(30)])('username %s', (name) => {
	expect(rules.username(name)).toBeUndefined();
});

test.each([
	['', 'Too short: at least 1 characters'],
	['a'.repeat(31), 'Too long: at most 30 characters'],
	['.ada', 'The first character must be a letter or a digit'],
	['ada-', 'The last character must be a letter or a digit'],
	['a b', 'Only letters, digits and _ . - @ are allowed'],
	['adä1', 'Only letters, digits and _ . - @ are allowed']
])('username %j is refused', (name, message) => {
	expect(rules.username(name)).toBe(message);
});

test('a longer username that stays is no fault of a form', () => {
	expect(rules.username('a'.repeat(50), 'a'.repeat(50))).toBeUndefined();
	expect(rules.username('', '')).toBe('Too short: at least 1 characters');
});

test('an email is needed only where it is required', () => {
	expect(rules.email('', false)).toBeUndefined();
	expect(rules.email('', true)).toBe('This field is required');
	expect(rules.email('ada@example.com', true)).toBeUndefined();
	expect(rules.email('ada@example', false)).toBe('Invalid email address');
});

test.each([
	'https://a.example/cb',
	'http://localhost:3000/*',
	'https://*.example.com/cb',
	'myapp://cb',
	'*'
])('callback URL %s', (url) => {
	expect(rules.callbackUrl(url)).toBeUndefined();
});

test.each(['', 'nonsense', 'javascript:alert(1)', 'JavaScript:*', 'data:text/html,*'])(
	'callback URL %j is refused',
	(url) => {
		expect(rules.callbackUrl(url)).toBe('Invalid redirect URL');
	}
);

test('lengths count characters, not UTF-16 units', () => {
	expect(rules.atMost('😀'.repeat(50), 50)).toBeUndefined();
	expect(rules.atMost('😀'.repeat(51), 50)).toBeDefined();
});

test.each(['javascript:alert(1)', 'data:text/html,x', 'nonsense'])(
	'launch URL %s is refused',
	(url) => {
		expect(rules.optionalUrl(url)).toBe('Invalid URL');
	}
);

test.each(['ldap://dc.example', 'LDAPS://dc.example:636', 'ldapi://%2Fvar%2Frun%2Fldapi'])(
	'LDAP address %s',
	(url) => {
		expect(rules.ldapUrl(url)).toBeUndefined();
	}
);

test.each(['https://dc.example', 'ldap:///', 'ldapi://', 'dc.example:389'])(
	'LDAP address %s is refused',
	(url) => {
		expect(rules.ldapUrl(url)).toContain('ldapi://');
	}
);

test.each(['', 'ab', 'my.app', '.a', '..a', 'A_b-c.9', 'a'.repeat(128)])('client ID %j', (id) => {
	expect(rules.clientId(id)).toBeUndefined();
});

test.each([
	['a', 'Too short: at least 2 characters'],
	['a'.repeat(129), 'Too long: at most 128 characters'],
	['a b', 'Only letters, digits, dots, hyphens and underscores are allowed'],
	['..', 'An ID cannot be made of dots only'],
	['...', 'An ID cannot be made of dots only']
])('client ID %j is refused', (id, message) => {
	expect(rules.clientId(id)).toBe(message);
});
