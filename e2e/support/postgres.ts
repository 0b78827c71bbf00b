/* The suite's PostgreSQL server, which `make test` starts. */
import { spawn } from 'node:child_process';

/** A database of its own on the server of `TEST_POSTGRES_URL`, for the tests of one file. */
export async function newPostgresDatabase(file: string): Promise<string> {
	const server = process.env.TEST_POSTGRES_URL;
	if (!server) throw new Error('TEST_POSTGRES_URL names no server');
	const name = `${file.replaceAll(/\W/g, '_')}_${Date.now()}`;
	const child = spawn('psql', [server, '--quiet', '--command', `create database ${name}`], { stdio: 'inherit' });
	const code = await new Promise((done, failed) => {
		child.once('error', failed);
		child.once('exit', done);
	});
	if (code !== 0) throw new Error(`the database ${name} could not be made`);
	return server.replace(/\/[^/]*$/, `/${name}`);
}
