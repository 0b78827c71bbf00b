import { expect, test } from 'vitest';
import { durationProblem, largestUnit } from './duration.ts';

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
