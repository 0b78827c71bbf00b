import { expect, test } from 'vitest';
import { luminance, readableOn } from './accent';

test('text on a colour can be read', () => {
	expect(luminance([0, 0, 0])).toBe(0);
	expect(luminance([1, 1, 1])).toBeCloseTo(1);
	expect(readableOn(luminance([1, 1, 1]))).toContain('0.21');
	expect(readableOn(luminance([0, 0, 0.5]))).toContain('0.985');
});
