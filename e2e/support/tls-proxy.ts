/* What stands in front of an installation on the internet: TLS, under several names. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TlsProxy {
	port: number;
	stop: () => void;
}

/** Starts one with a certificate of its own making, which passes everything on to another port of this machine. */
export async function startTlsProxy(names: string[], backend: () => string): Promise<TlsProxy> {
	const folder = await mkdtemp(join(tmpdir(), 'pocket-id-e2e-tls-'));
	const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
	const subject = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`];
	const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
	execFileSync('openssl', ['req', '-x509', ...algorithm, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
	const server = createServer({ key: await readFile(key), cert: await readFile(cert) }, (incoming, outgoing) => {
		const { method, headers } = incoming;
		const onward = request(new URL(incoming.url ?? '/', backend()), { method, headers }, (answer) => {
			outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
			answer.pipe(outgoing);
		});
		onward.on('error', () => outgoing.destroy());
		incoming.pipe(onward);
	});
	await rm(folder, { recursive: true });
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		port,
		stop: () => {
			server.close();
			server.closeAllConnections();
		}
	};
}
