import { api } from './client';

export const emailVerification = {
	/** Mails a link to one's own address. */
	send: () => api.post<void>('/api/users/me/send-email-verification'),
	/** Proves the address with the token of such a link. */
	verify: (token: string) => api.post<void>('/api/users/me/verify-email', { token })
};
