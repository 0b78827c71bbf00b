/* Child processes of the tests: started on a free port, awaited by what they print or answer, always ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';

export interface Running {
	/** Everything the process has printed so far. */
	log: () => string;
	stop: () => Promise<void>;
}

export interface Command {
	program: string;
	arguments?: string[];
	environment: Record<string, string>;
	folder: string;
	/** Printed once the process can be used. */
	ready: string;
}

const START_LIMIT = 30_000;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			server.close(() =>
				typeof address === 'object' && address !== null
					? resolve(address.port)
					: reject(new Error('no port'))
			);
		});
	});
}

/** Starts a process and resolves when it printed its ready line; rejects with its output when it ends before. */
export async function start(command: Command): Promise<Running> {
	const child = spawn(command.program, command.arguments ?? [], {
		cwd: command.folder,
		env: { PATH: process.env.PATH ?? '', HOME: command.folder, ...command.environment },
		stdio: ['ignore', 'pipe', 'pipe']
	});
	let log = '';
	await new Promise<void>((resolve, reject) => {
		const fail = (why: string) => reject(new Error(`${command.program} ${why}:\n${log}`));
		const limit = setTimeout(() => {
			child.kill('SIGKILL');
			fail('was not ready in time');
		}, START_LIMIT);
		const read = (chunk: Buffer) => {
			log += chunk.toString();
			if (log.includes(command.ready)) {
				clearTimeout(limit);
				resolve();
			}
		};
		child.stdout.on('data', read);
		child.stderr.on('data', read);
		child.once('error', (error) => {
			clearTimeout(limit);
			fail(error.message);
		});
		child.once('exit', (code) => {
			clearTimeout(limit);
			fail(`ended with ${code}`);
		});
	});
	return { log: () => log, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	child.kill('SIGTERM');
	const limit = setTimeout(() => child.kill('SIGKILL'), 10_000);
	await ended;
	clearTimeout(limit);
}
