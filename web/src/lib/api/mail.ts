import { api, listQueryString } from './client';
import type { ListQuery, MailDelivery, Paginated } from './types';

export const mail = {
	/** Sends a test mail to the caller at once. */
	test: () => api.post<void>('/api/application-configuration/test-email'),
	/** What became of mail. */
	deliveries: (query: ListQuery) =>
		api.get<Paginated<MailDelivery>>(`/api/email-deliveries${listQueryString(query)}`)
};
