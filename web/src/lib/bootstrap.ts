import { api } from '#lib/api/client.ts';
import { ApiError } from '#lib/api/error.ts';
import type { ConfigEntry, User } from '#lib/api/types.ts';

export interface Bootstrap {
	config: ConfigEntry[];
	user: User | null;
	setupRequired: boolean;
	version: string;
	/** Uploaded images of the application, each with its version. */
	images: Record<string, number>;
	/** Languages the client that asks for the sign-in would have the pages in, the preferred one first. */
	uiLocales: string[];
	/** What that client says the person signs in with. */
	loginHint: string | null;
}

/** The server writes what the first screen needs into the page; nothing is fetched before it paints. */
function embedded(): Bootstrap | null {
	const element = document.getElementById('bootstrap');
	return element?.textContent ? (JSON.parse(element.textContent) as Bootstrap) : null;
}

const orNull = async <T>(promise: Promise<T>): Promise<T | null> => {
	try {
		return await promise;
	} catch (error) {
		if (error instanceof ApiError && error.status >= 400 && error.status < 500) return null;
		throw error;
	}
};

/** Without the embedded data (`vite dev`) the same facts come from the API. */
async function fetched(): Promise<Bootstrap> {
	const [user, config, setup] = await Promise.all([
		orNull(api.get<User>('/api/users/me')),
		api.get<ConfigEntry[]>('/api/application-configuration'),
		orNull(api.get<void>('/api/signup/setup'))
	]);
	return {
		config,
		user,
		setupRequired: setup !== null,
		version: 'dev',
		images: {},
		uiLocales: [],
		loginHint: null
	};
}

export async function loadBootstrap(): Promise<Bootstrap> {
	return embedded() ?? (await fetched());
}
