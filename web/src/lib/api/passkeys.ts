import type {
	AuthenticationResponseJSON,
	PublicKeyCredentialCreationOptionsJSON,
	PublicKeyCredentialRequestOptionsJSON,
	RegistrationResponseJSON
} from '@simplewebauthn/browser';
import { api } from './client';
import type { Passkey, User } from './types';

export const passkeys = {
	list: () => api.get<Passkey[]>('/api/webauthn/credentials'),
	rename: (id: string, name: string) =>
		api.patch<Passkey>(`/api/webauthn/credentials/${encodeURIComponent(id)}`, { name }),
	remove: (id: string) => api.delete(`/api/webauthn/credentials/${encodeURIComponent(id)}`),
	registrationOptions: () =>
		api.get<PublicKeyCredentialCreationOptionsJSON>('/api/webauthn/register/start'),
	register: (response: RegistrationResponseJSON) =>
		api.post<Passkey>('/api/webauthn/register/finish', response),
	signInOptions: () => api.get<PublicKeyCredentialRequestOptionsJSON>('/api/webauthn/login/start'),
	/** For a sign-in that waits in the browser's autofill. */
	autofillOptions: () =>
		api.get<PublicKeyCredentialRequestOptionsJSON>(
			'/api/webauthn/login/start?mediation=conditional'
		),
	signIn: (response: AuthenticationResponseJSON) =>
		api.post<User>('/api/webauthn/login/finish', response),
	reauthenticate: (response?: AuthenticationResponseJSON) =>
		api.post<void>('/api/webauthn/reauthenticate', response),
	signOut: () => api.post<void>('/api/webauthn/logout')
};
