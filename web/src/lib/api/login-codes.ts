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
	/** Mails somebody a code, which lives so many seconds. */
	mail: (userId: string, ttl: number) =>
		api.post<void>(`/api/users/${encodeURIComponent(userId)}/one-time-access-email`, { ttl }),
	/** Has a code mailed to an address, if somebody has it; its link goes on to a page of ours. */
	requestMail: (email: string, redirectPath?: string) =>
		api.post<void>('/api/one-time-access-email', { email, redirectPath }),
	exchange: (code: string) =>
		api.post<User>(`/api/one-time-access-token/${encodeURIComponent(code)}`)
};
