/** A moment to the second, as the reader's browser writes it. */
export const moment = (text: string): string =>
	new Date(text).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
