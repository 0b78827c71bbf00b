/** localStorage that never throws: private windows and full disks must not break a page. */
export function readJson(key: string): unknown {
	try {
		const text = localStorage.getItem(key);
		return text === null ? null : JSON.parse(text);
	} catch {
		return null;
	}
}

export function writeJson(key: string, value: unknown): void {
	try {
		localStorage.setItem(key, JSON.stringify(value));
	} catch {
		// Preferences are a convenience.
	}
}
