import { api, listQueryString } from './client';
import { encodeClientId } from './client-id';
import type { AccessibleClient, AuthorizedClient, ListQuery, Paginated } from './types';

const base = '/api/oidc/users/me';

/** The applications of the signed-in user. */
export const apps = {
	accessible: (query: ListQuery) =>
		api.get<Paginated<AccessibleClient>>(`${base}/clients${listQueryString(query)}`),
	authorized: (query: ListQuery) =>
		api.get<Paginated<AuthorizedClient>>(`${base}/authorized-clients${listQueryString(query)}`),
	revoke: (clientId: string) => api.delete(`${base}/authorized-clients/${encodeClientId(clientId)}`)
};
