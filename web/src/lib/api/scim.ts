import { api, type Versioned } from './client';
import { encodeClientId } from './client-id';
import { ApiError } from './error';
import type { ScimServiceProvider, ScimServiceProviderInput } from './types';

const path = (id: string) => `/api/scim/service-provider/${encodeURIComponent(id)}`;

export const scim = {
	/** Where a client's app takes accounts and groups, if anywhere. */
	async ofClient(clientId: string): Promise<Versioned<ScimServiceProvider> | null> {
		try {
			return await api.seen<ScimServiceProvider>(
				`/api/oidc/clients/${encodeClientId(clientId)}/scim-service-provider`
			);
		} catch (error) {
			if (error instanceof ApiError && error.status === 404) return null;
			throw error;
		}
	},
	create: (input: ScimServiceProviderInput) =>
		api.make<ScimServiceProvider>('/api/scim/service-provider', input),
	update: (id: string, input: ScimServiceProviderInput, version: string) =>
		api.change<ScimServiceProvider>('PUT', path(id), input, version),
	remove: (id: string) => api.delete(path(id)),
	sync: (id: string) => api.post<void>(`${path(id)}/sync`)
};
