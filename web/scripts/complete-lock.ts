/*
 * `npm ci` refuses a lock file that lacks optional packages of other platforms, and npm leaves them out
 * whenever the package source in use does not carry them. This adds the missing entries, so that a lock
 * file written on one machine installs on every other: node scripts/complete-lock.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
	version?: string;
	cpu?: string[];
	os?: string[];
	dev?: boolean;
	optional?: boolean;
	optionalDependencies?: Record<string, string>;
}

const FILE = 'package-lock.json';
const OS = ['android', 'darwin', 'freebsd', 'linux', 'win32'];
const CPU = ['arm64', 'arm', 'x64', 'ia32', 'wasm32'];

const lock = JSON.parse(readFileSync(FILE, 'utf8')) as { packages: Record<string, Entry> };

for (const [path, entry] of Object.entries(lock.packages)) {
	for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
		const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
		if (places.some((place) => lock.packages[place])) continue;
		const words = name.split(/[/-]/);
		const os = OS.filter((value) => words.includes(value));
		const cpu = CPU.filter((value) => words.includes(value));
		if (os.length === 0 && cpu.length === 0) {
			throw new Error(`${name} is missing and its platform cannot be read from its name`);
		}
		lock.packages[`node_modules/${name}`] = {
			version: range.replace(/^[\^~]/, ''),
			...(cpu.length > 0 ? { cpu } : {}),
			...(entry.dev ? { dev: true } : {}),
			optional: true,
			...(os.length > 0 ? { os } : {})
		};
		console.warn(`added ${name}@${range}`);
	}
}

const packages = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(
	FILE,
	JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, '\t') + '\n'
);
