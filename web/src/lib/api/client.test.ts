import { afterEach, expect, test, vi } from 'vitest';
import { api, listQueryString, setSignedOutHandler } from './client.ts';
import { ApiError } from './error.ts';

afterEach(() => {
	vi.unstubAllGlobals();
	vi.restoreAllMocks();
});

function serverAnswers(status: number, body: string, headers: Record<string, string> = {}) {
	vi.spyOn(console, 'error').mockImplementation(() => {});
	const fetch = vi.fn(async () => new Response(body === '' ? null : body, { status, headers }));
	vi.stubGlobal('fetch', fetch);
	return fetch;
}

const failure = async (promise: Promise<unknown>): Promise<ApiError> => {
	const error = await promise.then(
		() => null,
		(reason: unknown) => reason
	);
	if (!(error instanceof ApiError)) throw new Error('expected an ApiError');
	return error;
};

test('a list query carries page, search, sort and every filter value', () => {
	const query = listQueryString({
		page: 2,
		limit: 50,
		search: 'a&b',
		sort: { column: 'name', direction: 'desc' },
		filters: { isAdmin: ['true', 'false'] }
	});
	expect([...new URLSearchParams(query)]).toEqual([
		['pagination[page]', '2'],
		['pagination[limit]', '50'],
		['search', 'a&b'],
		['sort[column]', 'name'],
		['sort[direction]', 'desc'],
		['filters[isAdmin]', 'true'],
		['filters[isAdmin]', 'false']
	]);
	expect(listQueryString({})).toBe('');
});

test('a body goes out as JSON, and an empty answer comes back as nothing', async () => {
	const fetch = serverAnswers(204, '');
	expect(await api.post('/api/x', { a: 1 })).toBeUndefined();
	expect(fetch).toHaveBeenCalledWith(
		'/api/x',
		expect.objectContaining({
			method: 'POST',
			body: '{"a":1}',
			headers: expect.objectContaining({ 'Content-Type': 'application/json' })
		})
	);
});

test('a failed validation keeps its fields', async () => {
	serverAnswers(
		400,
		'{"error":"Username is required","code":"validation_failed","details":{"fields":[{"field":"username","code":"required","message":"is required"}]},"request_id":"r1"}'
	);
	const error = await failure(api.put('/api/x', {}));
	expect(error).toMatchObject({ status: 400, code: 'validation_failed', requestId: 'r1' });
	expect(error.fields).toEqual([{ field: 'username', code: 'required', message: 'is required' }]);
});

test("a proxy's error page is an error without words, but with the request's ID", async () => {
	serverAnswers(502, '<html>Bad gateway</html>', { 'X-Request-ID': 'r2' });
	expect(await failure(api.get('/api/x'))).toMatchObject({
		status: 502,
		message: '',
		code: '',
		requestId: 'r2',
		fields: []
	});
});

test('an unreachable server is an error of its own', async () => {
	vi.spyOn(console, 'error').mockImplementation(() => {});
	vi.stubGlobal('fetch', async () => {
		throw new TypeError('Failed to fetch');
	});
	expect(await failure(api.get('/api/x'))).toMatchObject({ status: 0, code: 'network' });
});

test('only a missing session signs the visitor out', async () => {
	const signedOut = vi.fn();
	setSignedOutHandler(signedOut);
	serverAnswers(401, '{"error":"x","code":"webauthn_authentication_failed"}');
	await failure(api.get('/api/x'));
	expect(signedOut).not.toHaveBeenCalled();
	serverAnswers(401, '{"error":"x","code":"not_signed_in"}');
	await failure(api.get('/api/x'));
	expect(signedOut).toHaveBeenCalledOnce();
});
