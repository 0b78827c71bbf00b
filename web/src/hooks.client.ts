import { ApiError } from '#lib/api/error.ts';
import { loadBootstrap } from '#lib/bootstrap.ts';
import { loadMessages } from '#lib/i18n/catalog.ts';
import { applyUserLocale, currentLocale, speakAsAsked } from '#lib/i18n/locale.ts';
import { errorMessage } from '#lib/error-message.ts';
import { session } from '#lib/session.svelte.ts';
import type { ClientInit, HandleClientError } from '@sveltejs/kit/hooks';

export const init: ClientInit = async () => {
	try {
		const bootstrap = await loadBootstrap();
		session.start(bootstrap);
		const chosen = bootstrap.user?.locale ?? null;
		applyUserLocale(chosen);
		if (chosen === null) speakAsAsked(bootstrap.uiLocales);
	} catch (error) {
		console.error('could not load the public configuration', error);
		session.broken = true;
	}
	const locale = currentLocale();
	document.documentElement.lang = locale;
	await loadMessages(locale);
};

/** A failed page load shows the same words a toast would. */
export const handleError: HandleClientError = ({ error }) => {
	if (error instanceof ApiError)
		return { status: error.status || 500, message: errorMessage(error) };
};
