import { api } from './client';
import type { DeviceInfo } from './types';

const path = (action: string, code: string) =>
	`/api/oidc/device/${action}?code=${encodeURIComponent(code)}`;

export const device = {
	info: (code: string) => api.get<DeviceInfo>(path('info', code)),
	approve: (code: string) => api.post<void>(path('verify', code)),
	deny: (code: string) => api.post<void>(path('deny', code))
};
