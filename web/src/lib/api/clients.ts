import { api, listQueryString } from './client';
import { fresh } from '../fresh-images.svelte.ts';
import { encodeClientId } from './client-id';
import type {
	Client,
	ClientInput,
	ClientSecret,
	ClientWithGroupCount,
	ClientWithGroups,
	CreatedClientSecret,
	DiscoveryDocument,
	ListQuery,
	Paginated,
	TokenPreview
} from './types';

const path = (id: string) => `/api/oidc/clients/${encodeClientId(id)}`;

export const clients = {
	list: (query: ListQuery) =>
		api.get<Paginated<ClientWithGroupCount>>(`/api/oidc/clients${listQueryString(query)}`),
	get: (id: string) => api.get<ClientWithGroups>(path(id)),
	seen: (id: string) => api.seen<ClientWithGroups>(path(id)),
	create: (input: ClientInput) => api.post<ClientWithGroups>('/api/oidc/clients', input),
	update: (id: string, input: ClientInput, version: string) =>
		api.change<ClientWithGroups>('PUT', path(id), input, version),
	remove: (id: string) => api.delete(path(id)),
	setAllowedGroups: (id: string, userGroupIds: string[], version: string) =>
		api.change<ClientWithGroups>(
			'PUT',
			`${path(id)}/allowed-user-groups`,
			{ userGroupIds },
			version
		),
	/** Reads a client's metadata document anew. */
	refresh: (id: string) => api.post<ClientWithGroups>(`${path(id)}/refresh`),
	secrets: (id: string) => api.get<ClientSecret[]>(`${path(id)}/secrets`),
	createSecret: (id: string, name: string, expiresAt: string | null) =>
		api.post<CreatedClientSecret>(`${path(id)}/secrets`, { name, expiresAt }),
	preview: (id: string, userId: string, scopes: string) =>
		api.get<TokenPreview>(
			`${path(id)}/preview/${encodeURIComponent(userId)}?scopes=${encodeURIComponent(scopes)}`
		),
	setLogo: (id: string, dark: boolean, file: File) => api.upload('POST', logoPath(id, dark), file),
	removeLogo: (id: string, dark: boolean) => api.delete(logoPath(id, dark)),
	removeSecret: (id: string, secretId: string) =>
		api.delete(`${path(id)}/secrets/${encodeURIComponent(secretId)}`)
};

/** Where a client's logo is, whatever browsers have kept of it. */
export const logoPath = (id: string, dark: boolean): string =>
	`${path(id)}/logo${dark ? '?light=false' : ''}`;

export function clientLogoUrl(client: Pick<Client, 'id'>, dark: boolean): string {
	return fresh(logoPath(client.id, dark));
}

export const discovery = () => api.get<DiscoveryDocument>('/.well-known/openid-configuration');

/** The FAPI profile demands PKCE and pushed requests, whatever is chosen besides. */
export const isFapi = (client: Client) => client.protocol.securityProfile === 'fapi2';

export const demandsPkce = (client: Client) => client.pkceEnabled || isFapi(client);

/** The whole client as input again: updates replace every field. */
export function clientInput(client: Client): ClientInput {
	return {
		name: client.name,
		description: client.description,
		callbackURLs: client.callbackURLs,
		logoutCallbackURLs: client.logoutCallbackURLs,
		isPublic: client.isPublic,
		pkceEnabled: client.pkceEnabled,
		requiresReauthentication: client.requiresReauthentication,
		requiresPushedAuthorizationRequests: client.requiresPushedAuthorizationRequests,
		skipConsent: client.skipConsent,
		isGroupRestricted: client.isGroupRestricted,
		credentials: { federatedIdentities: client.credentials.federatedIdentities ?? [] },
		launchURL: client.launchURL,
		accessTokenDurationMinutes: client.accessTokenDurationMinutes,
		refreshTokenDurationMinutes: client.refreshTokenDurationMinutes,
		protocol: client.protocol,
		logoUrl: null,
		darkLogoUrl: null
	};
}
