import { ApiError } from './error';
import { api } from './client';
import type { DeviceLogin, User, WaitingDevice } from './types';

const REQUESTS = '/api/device-login/requests';
const VERIFICATION = '/api/device-login/verification';

/** Answers after which the waiting browser simply asks again. */
const PASSING = new Set([0, 408, 425, 429, 502, 503, 504, 522, 524]);

export const deviceLogin = {
	start: () => api.post<DeviceLogin>(REQUESTS),
	/** The signed-in user, or nothing while nobody has decided. The server answers late. */
	async exchange(id: string): Promise<User | undefined> {
		try {
			return await api.post<User | undefined>(`${REQUESTS}/${encodeURIComponent(id)}/exchange`);
		} catch (error) {
			if (error instanceof ApiError && PASSING.has(error.status)) return undefined;
			throw error;
		}
	},
	inspect: (code: string) => api.post<WaitingDevice>(VERIFICATION, { code }),
	decide: (code: string, decision: 'approve' | 'deny') =>
		api.post<void>(`${VERIFICATION}/decision`, { code, decision })
};
