/** Who may see which page. Pure, so that every rule is one row of a test. */

import { safeRedirect } from '#lib/redirect.ts';

export interface Visitor {
	signedIn: boolean;
	isAdmin: boolean;
}

const SIGNED_OUT_ONLY = ['/login', '/lc', '/signup', '/signup/setup', '/setup'];
/**
 * A login code also lets somebody in who is signed in as somebody else. The sign-out page tells whoever is not signed in
 * (any more) just that: applications send people there.
 */
const PUBLIC = [
	'/interaction',
	'/interaction/error',
	'/device',
	'/login/alternative/code',
	'/logout'
];

const isAtOrBelow = (path: string, base: string) => path === base || path.startsWith(base + '/');

/** Where the visitor must go instead, or null when the page is theirs to see. */
export function guardRedirect(path: string, search: string, visitor: Visitor): string | null {
	if (PUBLIC.includes(path) || path.startsWith('/lc/')) return null;
	const signedOutOnly =
		SIGNED_OUT_ONLY.includes(path) || isAtOrBelow(path, '/login') || path.startsWith('/st/');
	if (!visitor.signedIn) {
		if (signedOutOnly) return null;
		return `/login?redirect=${encodeURIComponent(path + search)}`;
	}
	if (signedOutOnly) return '/settings';
	const adminOnly =
		isAtOrBelow(path, '/settings/admin') || isAtOrBelow(path, '/settings/audit-log/global');
	if (adminOnly && !visitor.isAdmin) return '/settings';
	return null;
}

const ACCOUNT = '/settings/account';

/** These lead here again, at once or by way of the sign-in. */
const NO_HOME = ['', '/settings'];
const SIGN_IN = ['/login', '/lc', '/st', '/signup', '/setup'];

/** Where somebody signed in lands: the home page an administrator chose, if it is theirs to see and leads nowhere else. */
export function landingPage(home: string, origin: string, visitor: Visitor): string {
	const target = safeRedirect(home, origin);
	if (target === null) return ACCOUNT;
	const { pathname, search } = new URL(target, origin);
	const path = pathname.replace(/\/+$/, '');
	const leadsHere = NO_HOME.includes(path) || SIGN_IN.some((base) => isAtOrBelow(path, base));
	return leadsHere || guardRedirect(path, search, visitor) !== null ? ACCOUNT : target;
}
