import { expect, test } from 'vitest';
import type { ClientProtocol } from '#lib/api/types.ts';
import {
	SECTIONS,
	isSet,
	parseJwks,
	parseSeconds,
	protocolInput,
	protocolRules,
	protocolValues,
	type ProtocolValues,
	type Section
} from './protocol.ts';

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

const STORED: ClientProtocol = {
	allowPlainPkce: false,
	allowedAuthenticatorModels: [],
	allowTokenDelegation: false,
	allowTokenImpersonation: false,
	backchannelLogoutSessionRequired: false,
	backchannelLogoutUri: null,
	defaultMaxAge: null,
	dpopBoundAccessTokens: false,
	frontchannelLogoutSessionRequired: false,
	frontchannelLogoutUri: null,
	grantTypes: null,
	idTokenSignedResponseAlg: null,
	jwks: null,
	jwksUri: null,
	minimumAcr: null,
	minimumPasskey: 'any',
	requestObjectSigningAlg: null,
	requestUris: [],
	requireSignedRequestObject: false,
	responseTypes: null,
	securityProfile: 'none',
	tokenEndpointAuthMethod: null,
	tokenEndpointAuthSigningAlg: null,
	userinfoSignedResponseAlg: null
};
const CONFIDENTIAL = { isPublic: false, callbackURLs: ['https://a.example/cb'] };
const KEYS = { jwksUri: 'https://a.example/jwks' };
const values = (changes: Partial<ProtocolValues> = {}): ProtocolValues => ({
	...protocolValues(STORED),
	...changes
});
const wrong = (errors: Record<string, string | undefined>) =>
	Object.keys(errors).filter((field) => errors[field] !== undefined);

test('an untouched form sends back what is stored, members it does not know included', () => {
	const stored = {
		...STORED,
		jwks: {},
		defaultMaxAge: 0,
		grantTypes: ['refresh_token'],
		responseTypes: ['code'],
		requestUris: ['https://a.example/request.jwt#x'],
		securityProfile: 'fapi2' as const,
		later: 'unknown'
	};
	expect(protocolInput(protocolValues(stored), stored)).toEqual({
		...stored,
		// Empty texts are what the API takes for "not chosen".
		...{ tokenEndpointAuthMethod: '', jwksUri: '', idTokenSignedResponseAlg: '', minimumAcr: '' },
		...{ userinfoSignedResponseAlg: '', requestObjectSigningAlg: '' },
		tokenEndpointAuthSigningAlg: '',
		...{ backchannelLogoutUri: '', frontchannelLogoutUri: '' }
	});
});

test.each<[string, Partial<ProtocolValues>, typeof CONFIDENTIAL, string[]]>([
	['nothing set', {}, CONFIDENTIAL, []],
	['broken keys', { jwks: '{' }, CONFIDENTIAL, ['jwks']],
	['keys twice', { jwks: '{}', ...KEYS }, CONFIDENTIAL, ['jwksUri']],
	['keys by ftp', { jwksUri: 'ftp://a.example/k' }, CONFIDENTIAL, ['jwksUri']],
	[
		'a fragment',
		{ backchannelLogoutUri: 'https://a.example/#x' },
		CONFIDENTIAL,
		['backchannelLogoutUri']
	],
	[
		'a user name',
		{ frontchannelLogoutUri: 'https://u@a.example/' },
		CONFIDENTIAL,
		['frontchannelLogoutUri']
	],
	[
		'an address with spaces around',
		{ backchannelLogoutUri: ' https://a.example/ ' },
		CONFIDENTIAL,
		[]
	],
	['an age in words', { defaultMaxAge: 'soon' }, CONFIDENTIAL, ['defaultMaxAge']],
	['tokens without a code', { responseTypes: ['code', 'id_token token'] }, CONFIDENTIAL, []],
	['no response type left', { responseTypes: [] }, CONFIDENTIAL, ['responseTypes']],
	[
		'tokens without a code, FAPI',
		{ fapi: true, ...KEYS, responseTypes: ['id_token'] },
		CONFIDENTIAL,
		['responseTypes']
	],
	[
		'a bound token without a code',
		{ dpopBoundAccessTokens: true, responseTypes: ['id_token token'] },
		CONFIDENTIAL,
		['responseTypes']
	],
	[
		'an ID token beside bound tokens',
		{ dpopBoundAccessTokens: true, responseTypes: ['code', 'id_token'] },
		CONFIDENTIAL,
		[]
	],
	[
		'tokens without a code to anybody',
		{ responseTypes: ['id_token'] },
		{ isPublic: false, callbackURLs: ['https://*.example/cb'] },
		['responseTypes']
	],
	[
		'tokens without their grant type',
		{ responseTypes: ['id_token'], limitGrantTypes: true, grantTypes: ['authorization_code'] },
		CONFIDENTIAL,
		['responseTypes']
	],
	[
		'request objects by http',
		{ requestUris: ['https://a.example/r', '', 'http://a.example/r'] },
		CONFIDENTIAL,
		['requestUris[2]']
	],
	['no grant type left', { limitGrantTypes: true, grantTypes: [] }, CONFIDENTIAL, ['grantTypes']],
	['FAPI with keys', { fapi: true, ...KEYS }, CONFIDENTIAL, []],
	['FAPI without keys', { fapi: true }, CONFIDENTIAL, ['jwks']],
	[
		'FAPI, public',
		{ fapi: true, ...KEYS },
		{ ...CONFIDENTIAL, isPublic: true },
		['securityProfile']
	],
	[
		'FAPI with a wildcard',
		{ fapi: true, ...KEYS },
		{ isPublic: false, callbackURLs: ['https://a.example/cb', 'https://*.example/cb'] },
		['securityProfile']
	]
])('%s', (_, changes, client, expected) => {
	expect(wrong(protocolRules(values(changes), client))).toEqual(expected);
});

test('a section is in use when one of its fields is', () => {
	expect((Object.keys(SECTIONS) as Section[]).filter((id) => isSet(values(), id))).toEqual([]);
	const used = values({ limitGrantTypes: true, backchannelLogoutUri: 'https://a.example/' });
	expect((Object.keys(SECTIONS) as Section[]).filter((id) => isSet(used, id))).toEqual([
		'requests',
		'logout'
	]);
});

test('every field of the form belongs to exactly one section', () => {
	const placed: string[] = Object.values(SECTIONS).flat();
	expect(placed.filter((field) => field !== 'securityProfile').toSorted()).toEqual(
		Object.keys(values()).toSorted()
	);
});
