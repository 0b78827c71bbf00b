import { api, listQueryString } from './client';
import { encodeClientId } from './client-id';
import type {
	Api,
	ApiClient,
	ApiClientAccess,
	ApiGrant,
	ClientApiAccess,
	ListQuery,
	Paginated,
	PermissionInput
} from './types';

const path = (id: string) => `/api/apis/${encodeURIComponent(id)}`;

export const apis = {
	list: (query: ListQuery) => api.get<Paginated<Api>>(`/api/apis${listQueryString(query)}`),
	seen: (id: string) => api.seen<Api>(path(id)),
	create: (input: { name: string; resource: string }) => api.post<Api>('/api/apis', input),
	rename: (id: string, name: string, version: string) =>
		api.change<Api>('PUT', path(id), { name }, version),
	remove: (id: string) => api.delete(path(id)),
	setPermissions: (id: string, permissions: PermissionInput[], version: string) =>
		api.change<Api>('PUT', `${path(id)}/permissions`, { permissions }, version),
	setMetadataClients: (
		id: string,
		access: { enabled: boolean; permissionIds: string[] },
		version: string
	) => api.change<Api>('PUT', `${path(id)}/cimd-access`, access, version),
	clients: (id: string, query: ListQuery) =>
		api.get<Paginated<ApiClientAccess>>(`${path(id)}/clients${listQueryString(query)}`),
	assignableClients: (id: string, query: ListQuery) =>
		api.get<Paginated<ApiClient>>(`${path(id)}/assignable-clients${listQueryString(query)}`),
	grantSeen: (id: string, client: string) =>
		api.seen<ApiGrant>(`${path(id)}/clients/${encodeClientId(client)}`),
	grant: (id: string, client: string, grant: ApiGrant, version: string) =>
		api.change<ApiGrant>('PUT', `${path(id)}/clients/${encodeClientId(client)}`, grant, version),
	revoke: (id: string, client: string) =>
		api.delete(`${path(id)}/clients/${encodeClientId(client)}`),
	servers: (id: string, query: ListQuery) =>
		api.get<Paginated<ApiClient>>(`${path(id)}/serving-clients${listQueryString(query)}`),
	assignableServers: (id: string, query: ListQuery) =>
		api.get<Paginated<ApiClient>>(
			`${path(id)}/assignable-serving-clients${listQueryString(query)}`
		),
	addServer: (id: string, client: string) =>
		api.put(`${path(id)}/serving-clients/${encodeClientId(client)}`, undefined),
	removeServer: (id: string, client: string) =>
		api.delete(`${path(id)}/serving-clients/${encodeClientId(client)}`),
	ofClient: (client: string) =>
		api.get<ClientApiAccess[]>(`/api/api-access/${encodeClientId(client)}/apis`),
	assignableTo: (client: string, query: ListQuery) =>
		api.get<Paginated<Api>>(
			`/api/api-access/${encodeClientId(client)}/assignable-apis${listQueryString(query)}`
		)
};
