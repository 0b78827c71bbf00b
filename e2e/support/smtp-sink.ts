/* A real mail server that takes mail and shows it: e2e/support/smtp-sink.py. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The Python with the packages of this suite. */
export const PYTHON = resolve(ROOT, 'e2e/.venv/bin/python');

export interface Mail {
	to: string[];
	headers: Record<string, string>;
	parts: Record<'text/plain' | 'text/html', { text: string }>;
}

export interface SmtpSink {
	/** The port of a way of connecting. */
	port: (way: 'plain' | 'starttls' | 'tls' | 'tls_elsewhere' | 'auth') => string;
	/** The next mail; waits for it. */
	next: () => Promise<Mail>;
	stop: () => void;
}

/** Starts it; `certificates` is a file it writes its certificates to. */
export async function startSmtpSink(certificates?: string): Promise<SmtpSink> {
	const program = resolve(ROOT, 'e2e/support/smtp-sink.py');
	const child = spawn(PYTHON, certificates === undefined ? [program] : [program, certificates], {
		stdio: ['pipe', 'pipe', 'inherit']
	});
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const read = async (): Promise<unknown> => {
		const line = await lines.next();
		if (line.done) throw new Error('the mail server has ended');
		return JSON.parse(line.value);
	};
	const ports = (await read()) as Record<string, number>;
	return {
		port: (way) => String(ports[way]),
		next: async () => (await read()) as Mail,
		stop: () => void child.kill()
	};
}
