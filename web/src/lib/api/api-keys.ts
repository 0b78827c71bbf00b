import { api, listQueryString } from './client';
import type { ApiKey, ApiKeyInput, CreatedApiKey, ListQuery, Paginated } from './types';

const path = (id: string) => `/api/api-keys/${encodeURIComponent(id)}`;

export const apiKeys = {
	list: (query: ListQuery) => api.get<Paginated<ApiKey>>(`/api/api-keys${listQueryString(query)}`),
	create: (input: ApiKeyInput) => api.post<CreatedApiKey>('/api/api-keys', input),
	renew: (id: string, expiresAt: string) =>
		api.post<CreatedApiKey>(`${path(id)}/renew`, { expiresAt }),
	revoke: (id: string) => api.delete(path(id))
};
