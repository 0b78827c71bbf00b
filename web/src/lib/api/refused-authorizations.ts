import { api } from './client';
import { encodeClientId } from './client-id';
import type { Mismatch, RefusedAuthorization } from './types';

const path = (id: string) => `/api/oidc/refused-authorizations/${encodeURIComponent(id)}`;

export const refusedAuthorizations = {
	get: (id: string) => api.get<Mismatch>(path(id)),
	ofClient: (clientId: string) =>
		api.get<RefusedAuthorization[]>(
			`/api/oidc/clients/${encodeClientId(clientId)}/refused-authorizations`
		),
	accept: (id: string) => api.post<void>(`${path(id)}/accept`)
};
