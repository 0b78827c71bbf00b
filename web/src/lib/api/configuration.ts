import { api, type Versioned } from './client';
import type { ConfigEntry } from './types';

/** The whole configuration by key. */
export type Values = Record<string, string>;

const PATH = '/api/application-configuration';

const stateOf = ({ value, version }: Versioned<ConfigEntry[]>): Versioned<Values> => ({
	value: Object.fromEntries(value.map((entry) => [entry.key, entry.value])),
	version
});

export const configuration = {
	all: async () => stateOf(await api.seen<ConfigEntry[]>(`${PATH}/all`)),
	/** Changes some settings, if the configuration still is what the caller saw. */
	change: async (changes: Values, version: string) =>
		stateOf(await api.change<ConfigEntry[]>('PATCH', PATH, changes, version)),
	/** Ids of the groups new users get into. */
	async defaultGroups(): Promise<string[]> {
		const { value: values } = await configuration.all();
		const value: unknown = JSON.parse(values['signupDefaultUserGroupIDs'] || '[]');
		return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
	},
	/** Whether the addresses of new users count as verified. */
	async emailsVerified(): Promise<boolean> {
		return (await configuration.all()).value['emailsVerified'] === 'true';
	},
	/** What everybody may see. */
	visible: () => api.get<ConfigEntry[]>(PATH)
};
