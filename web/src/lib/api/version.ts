import { api } from './client';

/** The newest release as far as the server knows. */
export interface LatestVersion {
	latestVersion: string;
	releaseUrl: string | null;
}

export const version = {
	latest: () => api.get<LatestVersion>('/api/version/latest')
};
