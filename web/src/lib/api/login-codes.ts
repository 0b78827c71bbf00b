import { api } from './client';
import type { User } from './types';

interface NewCode {
	token: string;
}

export const loginCodes = {
	/** A code for somebody, which lives so many seconds. */
	create: (userId: string, ttl: number) =>
		api.post<NewCode>(`/api/users/${encodeURIComponent(userId)}/one-time-access-token`, { ttl }),
	/** A code for another device of one's own. */
	createOwn: () => api.post<NewCode>('/api/users/me/one-time-access-token', {}),
	exchange: (code: string) =>
		api.post<User>(`/api/one-time-access-token/${encodeURIComponent(code)}`)
};
