import type { User } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import type { Column } from './types';

type Cells = Pick<Column<User>, 'cell'>['cell'];

/** The columns every table of users has; `shown` names those that are there before anybody chose. */
export function userColumns(
	cells: { picture: Cells; role: Cells; status: Cells },
	shown: string[]
): Column<User>[] {
	const columns: Column<User>[] = [
		{ id: 'id', label: m.id(), value: (user) => user.id },
		{ id: 'profilePicture', label: m.profile_picture(), cell: cells.picture },
		{ id: 'firstName', label: m.first_name(), sortable: true, value: (user) => user.firstName },
		{ id: 'lastName', label: m.last_name(), sortable: true, value: (user) => user.lastName },
		{
			id: 'displayName',
			label: m.display_name(),
			sortable: true,
			value: (user) => user.displayName
		},
		{ id: 'email', label: m.email(), sortable: true, value: (user) => user.email },
		{ id: 'username', label: m.username(), sortable: true, value: (user) => user.username },
		{
			id: 'isAdmin',
			label: m.role(),
			sortable: true,
			filter: [
				{ value: 'true', label: m.admin() },
				{ value: 'false', label: m.user() }
			],
			cell: cells.role
		},
		{
			id: 'disabled',
			label: m.status(),
			sortable: true,
			filter: [
				{ value: 'false', label: m.enabled() },
				{ value: 'true', label: m.disabled() }
			],
			cell: cells.status
		},
		{ id: 'ldapId', label: m.ldap_id(), value: (user) => user.ldapId },
		{ id: 'locale', label: m.locale(), value: (user) => user.locale }
	];
	return columns.map((column) => ({ ...column, hidden: !shown.includes(column.id) }));
}
