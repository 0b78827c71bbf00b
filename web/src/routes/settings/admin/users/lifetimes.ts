import { m } from '#lib/paraglide/messages.js';

const HOUR = 3600;

/** How long a code or an invitation may live, in seconds, for people to choose from. */
export const lifetimes = () => [
	{ value: String(HOUR), label: m.one_hour() },
	{ value: String(12 * HOUR), label: m.twelve_hours() },
	{ value: String(24 * HOUR), label: m.one_day() },
	{ value: String(7 * 24 * HOUR), label: m.one_week() },
	{ value: String(30 * 24 * HOUR), label: m.one_month() }
];

export const ONE_HOUR = String(HOUR);
export const ONE_DAY = String(24 * HOUR);
