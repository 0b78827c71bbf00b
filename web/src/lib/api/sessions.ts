import { api } from './client';
import { encodeClientId } from './client-id';
import type { LogoutDelivery, SignInSession } from './types';

const part = encodeURIComponent;

/** One's own sessions. */
export const sessions = {
	list: () => api.get<SignInSession[]>('/api/sessions'),
	end: (id: string) => api.delete(`/api/sessions/${part(id)}`),
	endOthers: () => api.delete('/api/sessions'),
	endClient: (id: string, clientSession: string) =>
		api.delete(`/api/sessions/${part(id)}/clients/${part(clientSession)}`)
};

/** Somebody's sessions, for administrators. */
export const userSessions = {
	list: (user: string) => api.get<SignInSession[]>(`/api/users/${part(user)}/sessions`),
	end: (user: string, id: string) => api.delete(`/api/users/${part(user)}/sessions/${part(id)}`),
	endClient: (user: string, id: string, clientSession: string) =>
		api.delete(`/api/users/${part(user)}/sessions/${part(id)}/clients/${part(clientSession)}`),
	endAll: (user: string) => api.delete(`/api/users/${part(user)}/sessions`)
};

export const logoutDeliveries = (client: string) =>
	api.get<LogoutDelivery[]>(`/api/oidc/clients/${encodeClientId(client)}/logout-deliveries`);
