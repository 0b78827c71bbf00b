import { api, listQueryString } from './client';
import type {
	CustomClaim,
	ListQuery,
	Paginated,
	UserGroup,
	UserGroupInput,
	UserGroupMinimal
} from './types';

const path = (id: string) => `/api/user-groups/${encodeURIComponent(id)}`;

export const groups = {
	list: (query: ListQuery) =>
		api.get<Paginated<UserGroupMinimal>>(`/api/user-groups${listQueryString(query)}`),
	get: (id: string) => api.get<UserGroup>(path(id)),
	seen: (id: string) => api.seen<UserGroup>(path(id)),
	create: (input: UserGroupInput) => api.post<UserGroup>('/api/user-groups', input),
	update: (id: string, input: UserGroupInput, version: string) =>
		api.change<UserGroup>('PUT', path(id), input, version),
	remove: (id: string) => api.delete(path(id)),
	setUsers: (id: string, userIds: string[], version: string) =>
		api.change<UserGroup>('PUT', `${path(id)}/users`, { userIds }, version),
	setAllowedClients: (id: string, oidcClientIds: string[], version: string) =>
		api.change<UserGroup>('PUT', `${path(id)}/allowed-oidc-clients`, { oidcClientIds }, version),
	/** The version that comes back is the group's. */
	setClaims: (id: string, claims: CustomClaim[], version: string) =>
		api.change<CustomClaim[]>(
			'PUT',
			`/api/custom-claims/user-group/${encodeURIComponent(id)}`,
			claims,
			version
		)
};

/** Names of claims in use, most used first. */
export const claimSuggestions = () => api.get<string[]>('/api/custom-claims/suggestions');
