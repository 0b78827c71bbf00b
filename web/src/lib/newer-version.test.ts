import { expect, it } from 'vitest';
import { isNewer } from './newer-version.ts';

it.each([
	['2.14.1', '2.14.0', true],
	['2.9.0', '2.14.0', false],
	['2.14', '2.14.0', false],
	['10.0.0', '9.9.9', true],
	['1.0.0', '1.0.0-rc.1', true],
	['1.0.0-rc.1', '1.0.0', false],
	['', '1.0.0', false],
	['2.0.0', 'dev', false]
])('%s after %s: %s', (latest, running, expected) => {
	expect(isNewer(latest, running)).toBe(expected);
});
