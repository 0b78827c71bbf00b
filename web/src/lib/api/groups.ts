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
	create: (input: UserGroupInput) => api.post<UserGroup>('/api/user-groups', input),
	update: (id: string, input: UserGroupInput) => api.put<UserGroup>(path(id), input),
	remove: (id: string) => api.delete(path(id)),
	setUsers: (id: string, userIds: string[]) => api.put<UserGroup>(`${path(id)}/users`, { userIds }),
	setAllowedClients: (id: string, oidcClientIds: string[]) =>
		api.put<UserGroup>(`${path(id)}/allowed-oidc-clients`, { oidcClientIds }),
	setClaims: (id: string, claims: CustomClaim[]) =>
		api.put<CustomClaim[]>(`/api/custom-claims/user-group/${encodeURIComponent(id)}`, claims)
};

/** Names of claims in use, most used first. */
export const claimSuggestions = () => api.get<string[]>('/api/custom-claims/suggestions');
