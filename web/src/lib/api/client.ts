import { ApiError, apiErrorFrom } from './error';
import type { ListQuery } from './types';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What happens when the server no longer knows the session; set once by the session state. */
let onSignedOut: () => void = () => {};

export function setSignedOutHandler(handler: () => void): void {
	onSignedOut = handler;
}

async function readBody(response: Response): Promise<unknown> {
	const text = await response.text();
	if (text === '') return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** An answer with its headers. */
export interface Answer<T> {
	body: T;
	headers: Headers;
}

async function request<T>(method: Method, path: string, body?: unknown): Promise<T> {
	return (await whole<T>(method, path, body)).body;
}

async function whole<T>(
	method: Method,
	path: string,
	body?: unknown,
	more: Record<string, string> = {}
): Promise<Answer<T>> {
	const headers: Record<string, string> = { Accept: 'application/json', ...more };
	// A form names its own border between the parts.
	const form = body instanceof FormData;
	if (body !== undefined && !form) headers['Content-Type'] = 'application/json';

	let response: Response;
	try {
		response = await fetch(path, {
			method,
			headers,
			credentials: 'same-origin',
			body: form ? body : body === undefined ? undefined : JSON.stringify(body)
		});
	} catch (cause) {
		console.error('request failed', method, path, cause);
		throw new ApiError({ message: '', status: 0, code: 'network' });
	}

	const payload = await readBody(response);
	if (response.ok) return { body: payload as T, headers: response.headers };

	const error = apiErrorFrom(response.status, payload, response.headers.get('X-Request-ID'));
	console.error(`${method} ${path}: ${error.status} ${error.code} (request ${error.requestId})`);
	if (error.status === 401 && error.code === 'not_signed_in') onSignedOut();
	throw error;
}

/** Something with the version it had: a change of it proves to have seen that. */
export interface Versioned<T> {
	value: T;
	version: string;
}

/**
 * The version an answer names. Proxies that compress may mark a tag as weak or add to it, and would make every change
 * be refused: the server's own tags are strong and plain.
 */
export function versionOf(headers: Headers): string {
	const tag = headers.get('ETag') ?? '*';
	return tag.replace(/^W\//, '').replace(/-(gzip|br|zstd|deflate)"$/, '"');
}

const versioned = <T>({ body, headers }: Answer<T>): Versioned<T> => ({
	value: body,
	version: versionOf(headers)
});

export const api = {
	seen: async <T>(path: string) => versioned(await whole<T>('GET', path)),
	/** Makes something that is changed later. */
	make: async <T>(path: string, body: unknown) => versioned(await whole<T>('POST', path, body)),
	/** Changes something, if it still is what the caller saw. */
	change: async <T>(method: 'PUT' | 'PATCH', path: string, body: unknown, version: string) =>
		versioned(await whole<T>(method, path, body, { 'If-Match': version })),
	get: <T>(path: string) => request<T>('GET', path),
	post: <T>(path: string, body?: unknown) => request<T>('POST', path, body),
	put: <T>(path: string, body: unknown) => request<T>('PUT', path, body),
	/** Sends a file, as the field `file` of a form. */
	upload: (method: 'POST' | 'PUT', path: string, file: File) => {
		const form = new FormData();
		form.append('file', file);
		return request<void>(method, path, form);
	},
	patch: <T>(path: string, body: unknown) => request<T>('PATCH', path, body),
	delete: <T = void>(path: string) => request<T>('DELETE', path)
};

/** The query string of a list route, `?` included; empty when nothing is asked for. */
export function listQueryString(query: ListQuery): string {
	const params = new URLSearchParams();
	if (query.page) params.set('pagination[page]', String(query.page));
	if (query.limit) params.set('pagination[limit]', String(query.limit));
	if (query.search) params.set('search', query.search);
	if (query.sort) {
		params.set('sort[column]', query.sort.column);
		params.set('sort[direction]', query.sort.direction);
	}
	for (const [key, values] of Object.entries(query.filters ?? {})) {
		for (const value of values) params.append(`filters[${key}]`, value);
	}
	const text = params.toString();
	return text === '' ? '' : `?${text}`;
}
