import type { FieldError } from './types';

/** An answer of the API that is not a success, or no answer at all (`status` 0). */
export class ApiError extends Error {
	readonly status: number;
	readonly code: string;
	readonly requestId: string | null;
	readonly fields: FieldError[];
	/** Named facts about what happened. */
	readonly facts: Record<string, unknown>;

	constructor(init: {
		message: string;
		status: number;
		code?: string;
		requestId?: string | null;
		fields?: FieldError[];
		facts?: Record<string, unknown>;
	}) {
		super(init.message);
		this.name = 'ApiError';
		this.status = init.status;
		this.code = init.code ?? '';
		this.requestId = init.requestId ?? null;
		this.fields = init.fields ?? [];
		this.facts = init.facts ?? {};
	}
}

interface ErrorBody {
	error?: unknown;
	code?: unknown;
	request_id?: unknown;
	details?: Record<string, unknown>;
}

function isFieldError(value: unknown): value is FieldError {
	return (
		typeof value === 'object' &&
		value !== null &&
		typeof (value as FieldError).field === 'string' &&
		typeof (value as FieldError).message === 'string'
	);
}

/** Reads the error format of the API; anything else (a proxy's page, say) gives an empty message. */
export function apiErrorFrom(
	status: number,
	body: unknown,
	headerRequestId: string | null
): ApiError {
	const known: ErrorBody = typeof body === 'object' && body !== null ? body : {};
	const fields = Array.isArray(known.details?.fields) ? known.details.fields : [];
	return new ApiError({
		status,
		message: typeof known.error === 'string' ? known.error : '',
		code: typeof known.code === 'string' ? known.code : '',
		requestId: typeof known.request_id === 'string' ? known.request_id : headerRequestId,
		fields: fields.filter(isFieldError),
		facts: typeof known.details === 'object' && known.details !== null ? known.details : {}
	});
}
