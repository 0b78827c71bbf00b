import type { UserGroupMinimal } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import type { Column } from './types';

/** The columns every table of groups has. */
export function groupColumns(): Column<UserGroupMinimal>[] {
	return [
		{ id: 'id', label: m.id(), hidden: true, value: (group) => group.id },
		{
			id: 'friendlyName',
			label: m.friendly_name(),
			sortable: true,
			value: (group) => group.friendlyName
		},
		{ id: 'name', label: m.name(), sortable: true, value: (group) => group.name },
		{
			id: 'userCount',
			label: m.user_count(),
			sortable: true,
			value: (group) => group.userCount
		},
		{
			id: 'createdAt',
			label: m.created(),
			sortable: true,
			hidden: true,
			value: (group) => new Date(group.createdAt).toLocaleString()
		},
		{ id: 'ldapId', label: m.ldap_id(), hidden: true, value: (group) => group.ldapId }
	];
}
