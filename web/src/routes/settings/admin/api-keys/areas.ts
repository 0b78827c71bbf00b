import type { ApiKeyInput } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';

export type Area = NonNullable<ApiKeyInput['resources']>[number];

/** The parts of the API a key can be for, as people know them. */
export const AREAS: { id: Area; label: string }[] = [
	{ id: 'account', label: m.key_area_account() },
	{ id: 'users', label: m.users() },
	{ id: 'groups', label: m.user_groups() },
	{ id: 'clients', label: m.oidc_clients() },
	{ id: 'apis', label: m.apis() },
	{ id: 'apiKeys', label: m.api_keys() },
	{ id: 'configuration', label: m.application_configuration() },
	{ id: 'auditLog', label: m.audit_log() }
];
