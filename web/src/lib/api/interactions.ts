import { api } from './client';
import type { Interaction, InteractionProgress, InteractionStep } from './types';

const path = (id: string) => `/api/oidc/interactions/${encodeURIComponent(id)}`;

export const interactions = {
	get: (id: string) => api.get<Interaction>(path(id)),
	complete: (id: string, step: InteractionStep) =>
		api.post<InteractionProgress>(`${path(id)}/complete`, { step }),
	cancel: (id: string) => api.post<InteractionProgress>(`${path(id)}/cancel`)
};
