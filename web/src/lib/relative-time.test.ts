import { expect, test } from 'vitest';
import { ago } from './relative-time.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');

test.each([
	['2026-03-10T12:00:00Z', '0 seconds ago'],
	['2026-03-10T11:59:01Z', '59 seconds ago'],
	['2026-03-10T11:00:00Z', '1 hour ago'],
	['2026-03-07T12:00:00Z', '3 days ago'],
	['2026-02-20T12:00:00Z', '2 weeks ago'],
	['2024-01-01T00:00:00Z', '2 years ago'],
	// Clocks differ.
	['2026-03-10T12:00:30Z', '0 seconds ago']
])('%s was %s', (moment, expected) => {
	expect(ago(moment, NOW, 'en')).toBe(expected);
});
