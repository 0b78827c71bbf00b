/* The product under test: the real program with a data folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, start, type Running } from './process.js';

const BINARY = process.env.POCKET_ID_BINARY ?? resolve(import.meta.dirname, '../../target/debug/pocket-id');

export interface PocketId extends Running {
	/** Where it is reached, without a trailing slash: the issuer. */
	url: string;
	folder: string;
	/** The connection string, where it is PostgreSQL; else it is the SQLite file in the folder. */
	database: string | undefined;
	/** Ends the program and starts it again on the same data and port. */
	restart: () => Promise<void>;
}

/** Starts Pocket ID; `environment` adds to or overrides the few variables a test needs. */
export async function startPocketId(environment: Record<string, string> = {}): Promise<PocketId> {
	const folder = await mkdtemp(join(tmpdir(), 'pocket-id-e2e-'));
	const port = await freePort();
	const url = `http://localhost:${port}`;
	const launch = () =>
		start({
			program: BINARY,
			folder,
			environment: {
				APP_URL: url,
				PORT: String(port),
				HOST: '127.0.0.1',
				// Nothing here may reach out of the machine.
				ANALYTICS_DISABLED: 'true',
				VERSION_CHECK_DISABLED: 'true',
				...environment
			},
			ready: 'Server listening'
		});
	let running = await launch();
	let earlier = '';
	return {
		url,
		folder,
		database: environment.DB_CONNECTION_STRING,
		log: () => earlier + running.log(),
		restart: async () => {
			await running.stop();
			earlier += running.log();
			running = await launch();
		},
		stop: async () => {
			await running.stop();
			await rm(folder, { recursive: true, force: true });
		}
	};
}
