import { api } from './client';
import type { User } from './types';

const OWN = '/api/users/me/recovery-codes';
const ofUser = (id: string) => `/api/users/${encodeURIComponent(id)}/recovery-codes`;

/** What somebody has of recovery codes. */
export interface RecoveryCodes {
	remaining: number;
	createdAt: string | null;
}

export const recoveryCodes = {
	own: () => api.get<RecoveryCodes>(OWN),
	/** A new set; the one before stops working. */
	create: async () => (await api.post<{ codes: string[] }>(OWN)).codes,
	of: (user: string) => api.get<RecoveryCodes>(ofUser(user)),
	removeOf: (user: string) => api.delete(ofUser(user)),
	removeOwn: () => api.delete(OWN),
	exchange: (code: string) => api.post<User>('/api/recovery-codes/exchange', { code })
};
