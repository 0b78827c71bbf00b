import { api } from './client';
import type { User } from './types';

const OWN = '/api/users/me/recovery-codes';

/** What somebody has of recovery codes. */
export interface RecoveryCodes {
	remaining: number;
	createdAt: string | null;
}

export const recoveryCodes = {
	own: () => api.get<RecoveryCodes>(OWN),
	/** A new set; the one before stops working. */
	create: async () => (await api.post<{ codes: string[] }>(OWN)).codes,
	removeOwn: () => api.delete(OWN),
	exchange: (code: string) => api.post<User>('/api/recovery-codes/exchange', { code })
};
