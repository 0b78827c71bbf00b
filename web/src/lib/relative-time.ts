const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
	['year', 31_536_000],
	['month', 2_592_000],
	['week', 604_800],
	['day', 86_400],
	['hour', 3_600],
	['minute', 60]
];

/** How long ago a moment was, in the largest unit that fits: `3 days ago`. */
export function ago(moment: string, now: number, locale: string): string {
	const seconds = Math.max(0, Math.floor((now - Date.parse(moment)) / 1000));
	const format = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
	for (const [unit, size] of UNITS) {
		if (seconds >= size) return format.format(-Math.floor(seconds / size), unit);
	}
	return format.format(-seconds, 'second');
}
