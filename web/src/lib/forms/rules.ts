import { m } from '#lib/paraglide/messages.js';

/** A rule answers with what is wrong, or with nothing. Lengths count characters, as the server does. */
type Result = string | undefined;

const length = (value: string): number => [...value].length;

export const atLeast = (value: string, n: number): Result =>
	length(value) < n ? m.rule_too_short({ n }) : undefined;

export const atMost = (value: string, n: number): Result =>
	length(value) > n ? m.rule_too_long({ n }) : undefined;

export const between = (value: string, min: number, max: number): Result =>
	atLeast(value, min) ?? atMost(value, max);

/** Names that stay are not looked at: the API takes longer ones. */
export function username(value: string, stored?: string): Result {
	if (value !== '' && value === stored) return undefined;
	const size = between(value, 1, 30);
	if (size) return size;
	if (!/^[a-zA-Z0-9]/.test(value)) return m.rule_username_start();
	if (!/[a-zA-Z0-9]$/.test(value)) return m.rule_username_end();
	if (!/^[a-zA-Z0-9_.@-]+$/.test(value)) return m.rule_username_characters();
	return undefined;
}

export function email(value: string, required: boolean): Result {
	if (value === '') return required ? m.rule_required() : undefined;
	return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? undefined : m.rule_email();
}

export function optionalUrl(value: string): Result {
	if (value === '') return undefined;
	// Any scheme may open an app, but these two would run as a script of this page.
	return URL.canParse(value) && !/^(javascript|data):/i.test(value) ? undefined : m.rule_url();
}

/** An address that has to be there and begins in a certain way. */
function address(value: string, beginning: RegExp, fault: string): Result {
	if (value === '') return m.rule_required();
	return beginning.test(value) && URL.canParse(value) ? undefined : fault;
}

/** An address of the web. */
export function webUrl(value: string): Result {
	return address(value, /^https?:\/\/[^/]/i, m.rule_url());
}

/** Callback URLs may hold wildcards, which no URL parser accepts. */
export function callbackUrl(value: string): Result {
	if (value === '' || /^(javascript|data):/i.test(value)) return m.rule_redirect_url();
	if (value.includes('*')) return undefined;
	return URL.canParse(value) ? undefined : m.rule_redirect_url();
}

export function clientId(value: string): Result {
	if (value === '') return undefined;
	const size = between(value, 2, 128);
	if (size) return size;
	if (!/^[a-zA-Z0-9._-]+$/.test(value)) return m.rule_client_id();
	// In an address these are steps between folders, not names.
	return /^\.+$/.test(value) ? m.rule_client_id_dots() : undefined;
}

interface UserValues {
	username: string;
	email: string;
	firstName: string;
	lastName: string;
	displayName: string;
}

/** The rules shared by one's own account and the administrator's form. */
export function userRules(
	values: UserValues,
	emailRequired: boolean,
	stored?: { username: string }
): Record<string, Result> {
	return {
		username: username(values.username.trim(), stored?.username),
		email: email(values.email.trim(), emailRequired),
		firstName: atMost(values.firstName.trim(), 50),
		lastName: atMost(values.lastName.trim(), 50),
		displayName: atMost(values.displayName.trim(), 100)
	};
}

/** The address of an API: an absolute URI (RFC 8707 §2). */
export function apiResource(value: string): Result {
	if (value === '') return m.rule_required();
	if (/[\s#]/.test(value) || !URL.canParse(value) || /^(javascript|data):/i.test(value))
		return m.rule_url();
	return atMost(value, 350);
}

/** A whole number in a range. */
export function wholeNumber(value: string, min: number, max: number): Result {
	const text = value.trim();
	if (text === '') return m.rule_required();
	const number = /^\d+$/.test(text) ? Number(text) : NaN;
	return number >= min && number <= max ? undefined : m.rule_number_between({ min, max });
}

/** Where a directory is: a host behind `ldap://` or `ldaps://`, or the path of a socket, percent-encoded, behind `ldapi://`. */
export function ldapUrl(value: string): Result {
	return address(value, /^ldap[si]?:\/\/[^/]/i, m.rule_ldap_url());
}
