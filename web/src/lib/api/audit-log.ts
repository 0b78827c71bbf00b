import { api, listQueryString } from './client';
import type { AuditLog, ListQuery, Paginated } from './types';

const own = '/api/audit-logs';
const all = '/api/audit-logs/all';

export const auditLog = {
	own: (query: ListQuery) => api.get<Paginated<AuditLog>>(`${own}${listQueryString(query)}`),
	all: (query: ListQuery) => api.get<Paginated<AuditLog>>(`${all}${listQueryString(query)}`),
	/** Names of so many users the log is about, by ID. */
	users: (limit: number, search = '') => {
		const query = new URLSearchParams({ search, limit: `${limit}` });
		return api.get<Record<string, string>>(`${own}/filters/users?${query}`);
	},
	clientNames: () => api.get<string[]>(`${own}/filters/client-names`),
	/** The address of the log as a file. */
	file: (of: 'own' | 'all', format: 'csv' | 'jsonl', filters: Record<string, string[]>) => {
		const filtered = listQueryString({ filters });
		const base = `${of === 'own' ? own : all}/export${filtered}`;
		return `${base}${filtered === '' ? '?' : '&'}format=${format}`;
	}
};
