import { expect, test } from 'vitest';
import { ApiError } from '#lib/api/error.ts';
import { errorMessage, failureText } from './error-message.ts';

const refusal = (code: string) => new ApiError({ message: 'Of the server', status: 401, code });
const advice = ({ error }: { error: string }) => `${error}. Please try again.`;

test('an expired sign-in by QR code says what to do, and nothing after it', () => {
	const text = 'The QR code has expired. Please start again.';
	expect(errorMessage(refusal('device_login_expired'))).toBe(text);
	expect(failureText(refusal('device_login_expired'), advice)).toBe(text);
});

test('what has no words of its own keeps those of the server', () => {
	expect(errorMessage(refusal('something_else'))).toBe('Of the server');
	expect(failureText(refusal('something_else'), advice)).toBe('Of the server. Please try again.');
});
