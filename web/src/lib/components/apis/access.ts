import type { ApiGrant } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';

/** What a client has when an administrator begins to give it something. */
export const newGrant = (): ApiGrant => ({
	userDelegatedAccess: true,
	clientAccess: false,
	userDelegatedPermissionIds: [],
	clientPermissionIds: []
});

type Access = ApiGrant & { cimdGrantedAccess: boolean; cimdGrantedPermissionIds: string[] };

const granted = (access: boolean, count: number, total: number) =>
	access ? m.permissions_granted({ granted: count, total }) : m.no_access();

/** What users may let the client do, given to it or to every client that describes itself. */
export function userAccess(access: Access, total: number): string {
	const ids = new Set([...access.userDelegatedPermissionIds, ...access.cimdGrantedPermissionIds]);
	return granted(access.userDelegatedAccess || access.cimdGrantedAccess, ids.size, total);
}

/** What the client may do by itself. */
export const clientAccess = (access: Access, total: number): string =>
	granted(access.clientAccess, access.clientPermissionIds.length, total);

/** Whether there is anything of its own to take away. */
export const isRevocable = (access: Access): boolean =>
	access.userDelegatedAccess || access.clientAccess;
