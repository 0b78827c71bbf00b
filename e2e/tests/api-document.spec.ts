/* The API document against the running server: requests made up from it find no failure of ours, no answer that is not
   documented, and no body of another shape. On SQLite and, where the suite has one, on PostgreSQL. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
// Each test starts a product of its own, which the suite's own test function would do once for all.
import { expect, test } from '@playwright/test';
import { startPocketId, type PocketId } from '../support/pocket-id.js';
import { newPostgresDatabase } from '../support/postgres.js';
import { openTab, setUp } from '../support/test.js';

const KEY = 'the-key-of-the-document-test';
const PROGRAM = resolve(import.meta.dirname, '../.venv/bin/schemathesis');
const CHECKS = [
	'not_a_server_error',
	'status_code_conformance',
	'content_type_conformance',
	'response_headers_conformance',
	'response_schema_conformance',
	'missing_required_header',
	'use_after_free',
	'ensure_resource_availability'
].join(',');

/** Asks the program, with the same made-up requests each time, and gives what it printed if it found something. */
async function findings(pocketId: PocketId, ...options: string[]): Promise<string> {
	const child = spawn(
		PROGRAM,
		[
			'run',
			`${pocketId.url}/api/openapi.json`,
			...['--checks', CHECKS],
			...['--max-examples', '12'],
			...['--seed', '20261127'],
			...['--continue-on-failure', '--no-color', '--warnings', 'off'],
			...options
		],
		{ cwd: pocketId.folder, stdio: ['ignore', 'pipe', 'pipe'] }
	);
	let output = '';
	child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
	child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
	const code = await new Promise<number | null>((done, failed) => {
		child.once('error', failed);
		child.once('exit', done);
	});
	expect(output, 'it asked for something').toMatch(/[1-9]\d* generated/);
	return code === 0 ? '' : output;
}

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
	test(`requests made up from the document find nothing on ${engine}`, async () => {
		test.setTimeout(900_000);
		const pocketId = await startPocketId({
			DISABLE_RATE_LIMITING: 'true',
			STATIC_API_KEY: KEY,
			...(engine === 'PostgreSQL' ? { DB_CONNECTION_STRING: await newPostgresDatabase('api_document') } : {})
		});
		try {
			expect(await findings(pocketId, '--header', `X-API-Key: ${KEY}`)).toBe('');
		} finally {
			await pocketId.stop();
		}
	});
}

test('so it is for a signed-in browser at the routes that are only for it', async ({ browser }) => {
	test.setTimeout(900_000);
	const pocketId = await startPocketId({ DISABLE_RATE_LIMITING: 'true' });
	const { page } = await openTab(browser, pocketId.url);
	try {
		await setUp(page);
		const cookies = await page.context().cookies();
		const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
		const document = (await (await fetch(`${pocketId.url}/api/openapi.json`)).json()) as {
			paths: Record<string, Record<string, { operationId: string; security?: Record<string, string[]>[] }>>;
		};
		const only = Object.values(document.paths)
			.flatMap((item) => Object.values(item))
			.filter(({ security }) => security?.length === 1 && 'session' in security[0]!)
			// These end the session that asks.
			.filter(({ operationId }) => !/^deleteSessions/.test(operationId))
			.flatMap(({ operationId }) => ['--include-operation-id', operationId]);
		expect(await findings(pocketId, '--header', `Cookie: ${cookie}`, ...only)).toBe('');
	} finally {
		await page.context().close();
		await pocketId.stop();
	}
});
