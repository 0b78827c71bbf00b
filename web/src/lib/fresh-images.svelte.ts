/* Images this browser has just changed: for a quarter of an hour, while others may still be shown what they have kept,
   their address is one nobody has kept anything of. */
import { readJson, writeJson } from './storage.ts';

const KEY = 'skip-cache-until';
const LIFETIME = 15 * 60_000;

function stored(): Record<string, number> {
	const value = readJson(KEY);
	if (typeof value !== 'object' || value === null) return {};
	return Object.fromEntries(
		Object.entries(value).filter(
			(entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > Date.now()
		)
	);
}

let until = $state<Record<string, number>>(stored());

/** Notes that an image is another one now. */
export function changed(url: string): void {
	until = { ...stored(), [url]: Date.now() + LIFETIME };
	writeJson(KEY, $state.snapshot(until));
}

/** The address under which an image is sure to be the newest. */
export function fresh(url: string): string {
	const end = until[url];
	if (end === undefined || end <= Date.now()) return url;
	return `${url}${url.includes('?') ? '&' : '?'}skip-cache=${end}`;
}
