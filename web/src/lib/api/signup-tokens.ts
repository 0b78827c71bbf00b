import { api, listQueryString } from './client';
import type { ListQuery, Paginated, SignupToken } from './types';

const PATH = '/api/signup-tokens';

export const signupTokens = {
	list: (query: ListQuery) => api.get<Paginated<SignupToken>>(`${PATH}${listQueryString(query)}`),
	/** A token that lives so many seconds. */
	create: (input: { ttl: number; usageLimit: number; userGroupIds: string[] }) =>
		api.post<SignupToken>(PATH, input),
	remove: (id: string) => api.delete(`${PATH}/${encodeURIComponent(id)}`)
};

/** The address of an invitation. */
export const signupLink = (token: string): string => `${location.origin}/st/${token}`;
