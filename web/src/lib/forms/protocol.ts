import type { ClientInput, ClientProtocol, ClientWithGroups } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import type { FieldErrors } from './form.svelte.ts';
import { modelsRule, modelsText, parseModels } from './models.ts';

/* The protocol settings of a client as a form: what people type, what is wrong with it, and what is sent. */

/** What the API takes for a JWK Set: an object whose members are its business. */
type JwkSet = NonNullable<ClientProtocol['jwks']>;

/** A JWK Set; null for an empty field, `undefined` if it cannot be understood. */
export function parseJwks(text: string): JwkSet | null | undefined {
	if (text.trim() === '') return null;
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null && !Array.isArray(value)
			? (value as JwkSet)
			: undefined;
	} catch {
		return undefined;
	}
}

/** A number of seconds; null for an empty field, `undefined` if it cannot be understood. */
export function parseSeconds(text: string): number | null | undefined {
	const trimmed = text.trim();
	if (trimmed === '') return null;
	return /^\d{1,9}$/.test(trimmed) ? Number(trimmed) : undefined;
}

export const SIGNING_ALGORITHMS = [
	...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
	...['ES256', 'ES384', 'ES512', 'EdDSA']
];

const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'];

/** What assertions of clients that authenticate by a method can have for an algorithm. */
export function assertionAlgorithms(method: string): string[] {
	if (method === 'private_key_jwt') return SIGNING_ALGORITHMS;
	if (method === 'client_secret_jwt') return SECRET_ALGORITHMS;
	return [...SIGNING_ALGORITHMS, ...SECRET_ALGORITHMS];
}

export const GRANT_TYPES = [
	'authorization_code',
	'implicit',
	'refresh_token',
	'client_credentials',
	'urn:ietf:params:oauth:grant-type:device_code',
	'urn:ietf:params:oauth:grant-type:token-exchange'
];

export const RESPONSE_TYPES = ['code', 'id_token', 'id_token token'];

/** What a client has for which nothing was chosen. */
const CODE_ALONE = ['code'];

const sameEntries = (some: string[], others: string[]): boolean =>
	some.toSorted().join('\n') === others.toSorted().join('\n');

/** The settings as the fields of a form; an empty text means that nothing was chosen. */
export function protocolValues(stored: ClientProtocol) {
	return {
		tokenEndpointAuthMethod: stored.tokenEndpointAuthMethod ?? '',
		tokenEndpointAuthSigningAlg: stored.tokenEndpointAuthSigningAlg ?? '',
		jwks: stored.jwks ? JSON.stringify(stored.jwks, null, 2) : '',
		jwksUri: stored.jwksUri ?? '',
		idTokenSignedResponseAlg: stored.idTokenSignedResponseAlg ?? '',
		userinfoSignedResponseAlg: stored.userinfoSignedResponseAlg ?? '',
		requestObjectSigningAlg: stored.requestObjectSigningAlg ?? '',
		requireSignedRequestObject: stored.requireSignedRequestObject,
		allowPlainPkce: stored.allowPlainPkce,
		dpopBoundAccessTokens: stored.dpopBoundAccessTokens,
		fapi: stored.securityProfile === 'fapi2',
		minimumAcr: stored.minimumAcr ?? '',
		minimumPasskey: stored.minimumPasskey === 'any' ? '' : stored.minimumPasskey,
		allowedAuthenticatorModels: modelsText(stored.allowedAuthenticatorModels),
		defaultMaxAge: stored.defaultMaxAge?.toString() ?? '',
		limitGrantTypes: !!stored.grantTypes,
		// Who limits them starts from what every client may use.
		grantTypes: stored.grantTypes
			? [...stored.grantTypes]
			: GRANT_TYPES.filter((type) => type !== 'implicit'),
		responseTypes: [...(stored.responseTypes ?? CODE_ALONE)],
		requestUris: [...stored.requestUris],
		allowTokenImpersonation: stored.allowTokenImpersonation,
		allowTokenDelegation: stored.allowTokenDelegation,
		backchannelLogoutUri: stored.backchannelLogoutUri ?? '',
		backchannelLogoutSessionRequired: stored.backchannelLogoutSessionRequired,
		frontchannelLogoutUri: stored.frontchannelLogoutUri ?? '',
		frontchannelLogoutSessionRequired: stored.frontchannelLogoutSessionRequired
	};
}

export type ProtocolValues = ReturnType<typeof protocolValues>;

/** Which fields a section of the page holds: it opens when one of them is set or wrong. */
export const SECTIONS = {
	authentication: ['tokenEndpointAuthMethod', 'tokenEndpointAuthSigningAlg', 'jwks', 'jwksUri'],
	signIn: [
		'minimumAcr',
		'minimumPasskey',
		'allowedAuthenticatorModels',
		'defaultMaxAge',
		'allowPlainPkce'
	],
	requests: [
		'requireSignedRequestObject',
		'requestObjectSigningAlg',
		'requestUris',
		'responseTypes',
		'limitGrantTypes',
		'grantTypes'
	],
	tokens: ['idTokenSignedResponseAlg', 'userinfoSignedResponseAlg', 'dpopBoundAccessTokens'],
	exchange: ['allowTokenImpersonation', 'allowTokenDelegation'],
	logout: [
		'backchannelLogoutUri',
		'backchannelLogoutSessionRequired',
		'frontchannelLogoutUri',
		'frontchannelLogoutSessionRequired'
	],
	profile: ['fapi', 'securityProfile']
} as const;

export type Section = keyof typeof SECTIONS;

/** Whether something in a section differs from what a new client has. */
export function isSet(values: ProtocolValues, section: Section): boolean {
	return SECTIONS[section].some((field) => {
		if (field === 'responseTypes') return !sameEntries(values.responseTypes, CODE_ALONE);
		if (field === 'requestUris') return values.requestUris.length > 0;
		const value: unknown = field === 'securityProfile' ? '' : values[field];
		return field !== 'grantTypes' && value !== '' && value !== false;
	});
}

export const hasError = (errors: FieldErrors, section: Section): boolean =>
	SECTIONS[section].some((field) =>
		Object.keys(errors).some(
			(key) => (key === field || key.startsWith(`${field}[`)) && errors[key] !== undefined
		)
	);

/** A web address without fragment, as the server takes them; not required. */
export function webAddress(text: string): string | undefined {
	if (text === '') return undefined;
	const url = URL.canParse(text) ? new URL(text) : null;
	const fine =
		url !== null &&
		['http:', 'https:'].includes(url.protocol) &&
		url.username === '' &&
		url.password === '' &&
		!text.includes('#');
	return fine ? undefined : m.rule_web_address();
}

/** What is wrong with the response types; the server has the same rules. */
function responseTypesRule(values: ProtocolValues, client: Surroundings): string | undefined {
	const chosen = values.responseTypes;
	if (chosen.length === 0) return m.rule_required();
	if (sameEntries(chosen, CODE_ALONE)) return undefined;
	if (values.fapi) return m.response_types_not_fapi();
	if (values.dpopBoundAccessTokens && chosen.includes('id_token token'))
		return m.response_types_not_bound();
	if (client.callbackURLs.some((url) => url.includes('*'))) return m.response_types_no_wildcards();
	if (values.limitGrantTypes && !values.grantTypes.includes('implicit'))
		return m.response_types_need_grant();
	return undefined;
}

/** The errors of addresses of request objects, by position. */
function requestUriErrors(uris: string[]): FieldErrors {
	const fine = (uri: string) => uri === '' || (URL.canParse(uri) && uri.startsWith('https://'));
	return Object.fromEntries(
		uris.map((uri, index) => [
			`requestUris[${index}]`,
			fine(uri.trim()) ? undefined : m.rule_https_address()
		])
	);
}

/** What must be known of the client around the protocol settings. */
type Surroundings = Pick<ClientWithGroups, 'isPublic' | 'callbackURLs'>;

/** Only then the form shows the models. */
const listsModels = (values: ProtocolValues) => values.minimumPasskey === 'models';

export function protocolRules(values: ProtocolValues, client: Surroundings): FieldErrors {
	const jwksUri = values.jwksUri.trim();
	const errors: FieldErrors = {
		jwks: parseJwks(values.jwks) === undefined ? m.jwks_invalid() : undefined,
		jwksUri: webAddress(jwksUri) ?? (jwksUri && values.jwks.trim() ? m.jwks_not_both() : undefined),
		allowedAuthenticatorModels: listsModels(values)
			? (modelsRule(values.allowedAuthenticatorModels) ??
				(values.allowedAuthenticatorModels.trim() === '' ? m.rule_required() : undefined))
			: undefined,
		defaultMaxAge: parseSeconds(values.defaultMaxAge) === undefined ? m.whole_number() : undefined,
		grantTypes:
			values.limitGrantTypes && values.grantTypes.length === 0 ? m.rule_required() : undefined,
		backchannelLogoutUri: webAddress(values.backchannelLogoutUri.trim()),
		frontchannelLogoutUri: webAddress(values.frontchannelLogoutUri.trim()),
		responseTypes: responseTypesRule(values, client),
		...requestUriErrors(values.requestUris)
	};
	if (values.fapi) {
		if (client.isPublic) errors.securityProfile = m.fapi_not_public();
		else if (client.callbackURLs.some((url) => url.includes('*')))
			errors.securityProfile = m.fapi_no_wildcards();
		if (!jwksUri && !values.jwks.trim()) errors.jwks ??= m.fapi_needs_keys();
	}
	return errors;
}

/** The whole object to send: members this form does not know keep what they are. */
export function protocolInput(
	values: ProtocolValues,
	stored: ClientProtocol
): NonNullable<ClientInput['protocol']> {
	const { fapi, limitGrantTypes, grantTypes, responseTypes, ...rest } = values;
	return {
		...stored,
		...rest,
		jwks: parseJwks(values.jwks) ?? null,
		jwksUri: values.jwksUri.trim(),
		minimumPasskey: values.minimumPasskey || 'any',
		allowedAuthenticatorModels: listsModels(values)
			? parseModels(values.allowedAuthenticatorModels)
			: stored.allowedAuthenticatorModels,
		defaultMaxAge: parseSeconds(values.defaultMaxAge) ?? null,
		grantTypes: limitGrantTypes ? [...grantTypes] : null,
		responseTypes: sameEntries(responseTypes, stored.responseTypes ?? CODE_ALONE)
			? stored.responseTypes
			: [...responseTypes],
		requestUris: values.requestUris.map((uri) => uri.trim()).filter((uri) => uri !== ''),
		securityProfile: fapi ? 'fapi2' : 'none',
		backchannelLogoutUri: values.backchannelLogoutUri.trim(),
		frontchannelLogoutUri: values.frontchannelLogoutUri.trim()
	};
}
