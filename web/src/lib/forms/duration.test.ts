import { expect, test } from 'vitest';
import { durationProblem, largestUnit, MINUTES, minutesOf, type DurationUnit } from './duration.ts';

test.each([
	[60, 'hours'],
	[90, 'minutes'],
	[1440, 'days'],
	[43200, 'days'],
	[1500, 'hours'],
	[0, 'minutes']
])('%i minutes are shown in %s', (minutes, unit) => {
	expect(largestUnit(minutes)).toBe(unit);
});

test.each([
	[1, null],
	[525600, null],
	[525601, 'too-long'],
	[0, 'too-short'],
	[-5, 'too-short'],
	[NaN, 'too-short'],
	[1.5, 'not-whole-minutes']
])('%d minutes: %s', (minutes, problem) => {
	expect(durationProblem(minutes)).toBe(problem);
});

test.each<[number, DurationUnit, number]>([
	[0.35, 'days', 504],
	[0.7, 'days', 1008],
	[1.1, 'days', 1584],
	[2.2, 'days', 3168],
	[1.1, 'hours', 66],
	[365, 'days', 525_600]
])('%d %s are whole minutes', (amount, unit, minutes) => {
	expect(minutesOf(amount, unit)).toBe(minutes);
	expect(durationProblem(minutesOf(amount, unit))).toBeNull();
	// What was typed is not rewritten under the fingers.
	expect(minutesOf(amount, unit) / MINUTES[unit]).toBe(amount);
});

test('parts of a minute stay parts, and nothing stays nothing', () => {
	expect(minutesOf(1.5, 'minutes')).toBe(1.5);
	expect(durationProblem(minutesOf(0.333333, 'days'))).toBe('not-whole-minutes');
	expect(minutesOf(NaN, 'days')).toBeNaN();
});
