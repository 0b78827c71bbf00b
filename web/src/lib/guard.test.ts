import { expect, test } from 'vitest';
import { guardRedirect, landingPage } from './guard.ts';

const nobody = { signedIn: false, isAdmin: false };
const user = { signedIn: true, isAdmin: false };
const admin = { signedIn: true, isAdmin: true };

test.each([
	['/', '', '/login?redirect=%2F'],
	['/settings', '', '/login?redirect=%2Fsettings'],
	[
		'/settings/admin/users',
		'?user-list-page=2',
		'/login?redirect=%2Fsettings%2Fadmin%2Fusers%3Fuser-list-page%3D2'
	],
	['/logout', '', null],
	['/logout', '?state=x', null],
	['/logout/x', '', '/login?redirect=%2Flogout%2Fx'],
	['/signup/add-passkey', '', '/login?redirect=%2Fsignup%2Fadd-passkey'],
	['/loginx', '', '/login?redirect=%2Floginx'],
	['/login', '?redirect=%2F', null],
	['/signup', '?token=x', null],
	['/signup/setup', '', null],
	['/st/abc123', '', null],
	['/st', '', '/login?redirect=%2Fst'],
	['/setup', '', null],
	['/interaction', '?interaction=1', null],
	['/device', '?user_code=EABC1230', null],
	['/login/alternative', '?redirect=%2F', null],
	['/login/alternative/code', '?code=x', null],
	['/lc', '', null],
	['/lc/abc123', '', null],
	['/lcx', '', '/login?redirect=%2Flcx'],
	['/interaction/error', '?error=x', null]
])('signed out, %s%s', (path, search, expected) => {
	expect(guardRedirect(path, search, nobody)).toBe(expected);
});

test.each([
	['/login', '/settings'],
	['/signup/setup', '/settings'],
	['/st/abc123', '/settings'],
	['/setup', '/settings'],
	['/settings/admin', '/settings'],
	['/settings/admin/oidc-clients', '/settings'],
	['/settings/administrator', null],
	['/settings/account', null],
	['/signup/add-passkey', null],
	['/interaction', null],
	['/device', null],
	['/login/alternative', '/settings'],
	['/lc', '/settings'],
	['/login/alternative/code', null],
	['/lc/abc123', null],
	['/logout', null]
])('a user at %s', (path, expected) => {
	expect(guardRedirect(path, '', user)).toBe(expected);
});

test('administrators may see the administration', () => {
	expect(guardRedirect('/settings/admin/users', '', admin)).toBeNull();
});

test.each([
	['/settings/apps', '/settings/apps', '/settings/apps'],
	['/settings/apps?hidden=1#x', '/settings/apps?hidden=1#x', '/settings/apps?hidden=1#x'],
	['/settings/admin/users', '/settings/account', '/settings/admin/users'],
	['/settings/audit-log/global', '/settings/account', '/settings/audit-log/global'],
	['/', '/settings/account', '/settings/account'],
	['/login', '/settings/account', '/settings/account'],
	['/setup', '/settings/account', '/settings/account'],
	['/setup/', '/settings/account', '/settings/account'],
	['/signup/', '/settings/account', '/settings/account'],
	['/lc/abc123', '/settings/account', '/settings/account'],
	['/login/alternative/code', '/settings/account', '/settings/account'],
	['/settings/admin/users/', '/settings/account', '/settings/admin/users/'],
	['/settings', '/settings/account', '/settings/account'],
	['/settings/', '/settings/account', '/settings/account'],
	['/settings?x=1', '/settings/account', '/settings/account'],
	['/settings/../settings', '/settings/account', '/settings/account'],
	['https://portal.example', '/settings/account', '/settings/account'],
	['//portal.example', '/settings/account', '/settings/account'],
	['', '/settings/account', '/settings/account']
])('the home page %s', (home, forUser, forAdmin) => {
	expect(landingPage(home, 'https://id.example', user)).toBe(forUser);
	expect(landingPage(home, 'https://id.example', admin)).toBe(forAdmin);
});
