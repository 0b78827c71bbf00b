export type DurationUnit = 'minutes' | 'hours' | 'days';

export const MINUTES: Record<DurationUnit, number> = { minutes: 1, hours: 60, days: 1440 };

/** The longest token lifetime: 365 days. */
export const MAX_MINUTES = 525_600;

/** The largest unit that divides evenly, so that 60 reads "1 hour" and 90 reads "90 minutes". */
export function largestUnit(minutes: number): DurationUnit {
	if (minutes > 0 && minutes % MINUTES.days === 0) return 'days';
	if (minutes > 0 && minutes % MINUTES.hours === 0) return 'hours';
	return 'minutes';
}

/** Whole minutes stay whole: 1.1 days would be 1584.0000000000002 of them. */
export function minutesOf(amount: number, unit: DurationUnit): number {
	const minutes = amount * MINUTES[unit];
	const whole = Math.round(minutes);
	return Math.abs(minutes - whole) < 1e-6 ? whole : minutes;
}

export type DurationProblem = 'too-short' | 'too-long' | 'not-whole-minutes';

export function durationProblem(minutes: number): DurationProblem | null {
	if (!Number.isFinite(minutes) || minutes < 1) return 'too-short';
	if (minutes > MAX_MINUTES) return 'too-long';
	return Number.isInteger(minutes) ? null : 'not-whole-minutes';
}
