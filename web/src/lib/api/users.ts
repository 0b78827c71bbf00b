import { fresh } from '../fresh-images.svelte.ts';
import { api, listQueryString } from './client';
import type {
	CustomClaim,
	ListQuery,
	Paginated,
	Passkey,
	SignUpInput,
	User,
	UserInput
} from './types';

const path = (id: string) => `/api/users/${encodeURIComponent(id)}`;

export const users = {
	me: () => api.get<User>('/api/users/me'),
	meSeen: () => api.seen<User>('/api/users/me'),
	updateMe: (input: UserInput, version: string) =>
		api.change<User>('PUT', '/api/users/me', input, version),
	list: (query: ListQuery) => api.get<Paginated<User>>(`/api/users${listQueryString(query)}`),
	seen: (id: string) => api.seen<User>(path(id)),
	create: (input: UserInput) => api.post<User>('/api/users', input),
	update: (id: string, input: UserInput, version: string) =>
		api.change<User>('PUT', path(id), input, version),
	remove: (id: string) => api.delete(path(id)),
	setGroups: (id: string, userGroupIds: string[], version: string) =>
		api.change<User>('PUT', `${path(id)}/user-groups`, { userGroupIds }, version),
	/** The version that comes back is the user's. */
	setClaims: (id: string, claims: CustomClaim[], version: string) =>
		api.change<CustomClaim[]>(
			'PUT',
			`/api/custom-claims/user/${encodeURIComponent(id)}`,
			claims,
			version
		),
	passkeys: (id: string) => api.get<Passkey[]>(`${path(id)}/webauthn-credentials`),
	setPicture: (id: string | 'me', file: File) =>
		api.upload('PUT', `${path(id)}/profile-picture`, file),
	resetPicture: (id: string | 'me') => api.delete(`${path(id)}/profile-picture`),
	removePasskey: (id: string, passkey: string) =>
		api.delete(`${path(id)}/webauthn-credentials/${encodeURIComponent(passkey)}`)
};

export const signup = {
	setup: (input: SignUpInput) => api.post<User>('/api/signup/setup', input),
	signUp: (input: SignUpInput) => api.post<User>('/api/signup', input)
};

/** The whole user as input again: updates replace every field. */
export function userInput(user: User): UserInput {
	return {
		username: user.username,
		email: user.email,
		emailVerified: user.emailVerified,
		firstName: user.firstName,
		lastName: user.lastName,
		displayName: user.displayName,
		isAdmin: user.isAdmin,
		disabled: user.disabled,
		locale: user.locale
	};
}

/** Where somebody's picture is, whatever browsers have kept of it. */
export const profilePicturePath = (userId: string): string =>
	`/api/users/${encodeURIComponent(userId)}/profile-picture.png`;

export function profilePictureUrl(userId: string): string {
	return fresh(profilePicturePath(userId));
}

/** First and last name, as questions about an account call the person. */
export function realName(user: User): string {
	return `${user.firstName} ${user.lastName}`.trim() || user.displayName || user.username;
}

export function fullName(user: User): string {
	return user.displayName || realName(user);
}
