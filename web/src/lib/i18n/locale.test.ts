import { expect, test } from 'vitest';
import { firstSpoken } from './locale.ts';

test('the first language there are messages in is spoken', () => {
	expect(firstSpoken(['de'])).toBe('de');
	expect(firstSpoken(['tlh', 'de-CH-1996', 'fr'])).toBe('de');
	expect(firstSpoken(['FR-ca'])).toBe('fr');
	expect(firstSpoken(['tlh', '', '-'])).toBeUndefined();
	expect(firstSpoken([])).toBeUndefined();
});
