/** Midnight of the day so many days from now, in the browser's time zone. */
export function midnightIn(days: number, from = new Date()): Date {
	return new Date(from.getFullYear(), from.getMonth(), from.getDate() + days);
}
