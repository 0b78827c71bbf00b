import { expect, test } from 'vitest';
import { previewReason } from './preview-reason.ts';

test.each([
	['protocol', 'OIDC protocol'],
	['user', 'User account'],
	['groups of the user', 'Groups of the user'],
	['custom claim of the user', 'Custom claim of the user'],
	['custom claim of the group Friends & family', 'Custom claim of the group “Friends & family”'],
	['something of the future', 'something of the future'],
	['constructor', 'constructor'],
	['', '']
])('%j is shown as %j', (reason, shown) => {
	expect(previewReason(reason)).toBe(shown);
});
