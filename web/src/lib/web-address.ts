/** An address of the web as a link's target; null for anything else, such as a script. */
export function webAddress(text: string | null | undefined): string | null {
	if (!text || !URL.canParse(text)) return null;
	const url = new URL(text);
	return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
}
