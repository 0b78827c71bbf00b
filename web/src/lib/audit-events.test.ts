import { expect, test } from 'vitest';
import { eventName } from './audit-events.ts';

test.each([
	['SIGN_IN', 'Sign in'],
	['NEW_DEVICE_CODE_AUTHORIZATION', 'New Device Code Authorization'],
	['SOMETHING_OF_THE_FUTURE', 'Something Of The Future']
])('%s is called %s', (event, name) => {
	expect(eventName(event)).toBe(name);
});
