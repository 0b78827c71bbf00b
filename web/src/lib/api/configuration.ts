import { api, type Answer } from './client';
import type { ConfigEntry } from './types';

/** The whole configuration by key, and the version it had. */
export interface ConfigurationState {
	values: Record<string, string>;
	version: string;
}

const PATH = '/api/application-configuration';

const stateOf = ({ body, headers }: Answer<ConfigEntry[]>): ConfigurationState => ({
	values: Object.fromEntries(body.map((entry) => [entry.key, entry.value])),
	version: headers.get('ETag') ?? '*'
});

export const configuration = {
	all: async () => stateOf(await api.whole<ConfigEntry[]>('GET', `${PATH}/all`)),
	/** Changes some settings, if the configuration still is what the caller saw. */
	change: async (changes: Record<string, string>, version: string) =>
		stateOf(await api.whole<ConfigEntry[]>('PATCH', PATH, changes, { 'If-Match': version })),
	/** Ids of the groups new users get into. */
	async defaultGroups(): Promise<string[]> {
		const { values } = await configuration.all();
		const value: unknown = JSON.parse(values['signupDefaultUserGroupIDs'] || '[]');
		return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
	},
	/** Whether the addresses of new users count as verified. */
	async emailsVerified(): Promise<boolean> {
		return (await configuration.all()).values['emailsVerified'] === 'true';
	},
	/** What everybody may see. */
	visible: () => api.get<ConfigEntry[]>(PATH)
};
