import { session } from '../session.svelte.ts';
import { api } from './client';

/** An image of the application: its name in storage and where it is. */
export const IMAGES = {
	favicon: '/api/application-images/favicon',
	logoLight: '/api/application-images/logo',
	logoDark: '/api/application-images/logo?light=false',
	logoEmail: '/api/application-images/email',
	'default-profile-picture': '/api/application-images/default-profile-picture',
	background: '/api/application-images/background'
} as const;
export type ImageName = keyof typeof IMAGES;

export const images = {
	set: (name: ImageName, file: File) => api.upload('PUT', IMAGES[name], file),
	reset: (name: ImageName) => api.delete(IMAGES[name])
};

/** The address of an uploaded image in its newest version; null when there is none. */
export function uploadedImage(name: ImageName): string | null {
	const version = session.images[name];
	if (version === undefined) return null;
	const path = IMAGES[name];
	return `${path}${path.includes('?') ? '&' : '?'}v=${version}`;
}
