import { api } from './client';
import { encodeClientId } from './client-id';
import type { CreatedRegistrationToken, RegistrationPolicy, RegistrationToken } from './types';

const TOKENS = '/api/oidc/registration-tokens';

export const registration = {
	policy: () => api.seen<RegistrationPolicy>('/api/oidc/registration-policy'),
	savePolicy: (policy: RegistrationPolicy, version: string) =>
		api.change<RegistrationPolicy>('PUT', '/api/oidc/registration-policy', policy, version),
	tokens: () => api.get<RegistrationToken[]>(TOKENS),
	createToken: (input: { name: string; maxUses: number; expiresAt: string }) =>
		api.post<CreatedRegistrationToken>(TOKENS, input),
	removeToken: (id: string) => api.delete(`${TOKENS}/${encodeURIComponent(id)}`),
	approve: (clientId: string) =>
		api.post<void>(`/api/oidc/clients/${encodeClientId(clientId)}/approve`)
};
