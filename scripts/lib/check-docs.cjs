// Holds the documentation against the code: every environment variable the program reads is in
// docs/configuration.md and every one named there is read; every relative link and picture exists.
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { dirname, join } = require('node:path');

const problems = [];

/** The code of a Rust file without its unit tests, whose variables may be made up. */
const code = (path) => readFileSync(path, 'utf8').split('#[cfg(test)]')[0];

const environment = 'crates/pocket-id/src/environment';
const read = new Set();
// Values of booleans, not variables.
const words = new Set(['T', 'TRUE', 'F', 'FALSE']);
for (const name of readdirSync(environment).filter((name) => name.endsWith('.rs'))) {
	for (const [, variable] of code(join(environment, name)).matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"/g)) {
		if (!words.has(variable)) read.add(variable);
	}
}
if (read.size < 50) problems.push(`only ${read.size} variables found in ${environment}: has the code moved?`);

// Read by libraries and the operating system's interfaces, not by name in our code.
const elsewhere = new Set(['NOTIFY_SOCKET', 'TZ', 'PGHOST', 'PGUSER', 'X', 'X_FILE']);
const page = 'docs/configuration.md';
const named = new Set([...readFileSync(page, 'utf8').matchAll(/`([A-Z][A-Z0-9_]*)`/g)].map((match) => match[1]));
for (const variable of read) {
	if (!named.has(variable)) problems.push(`${page} does not name ${variable}`);
}
for (const variable of named) {
	if (read.has(variable) || elsewhere.has(variable)) continue;
	if (variable.endsWith('_FILE') && read.has(variable.slice(0, -'_FILE'.length))) continue;
	if (/[A-Z]_[A-Z]/.test(variable)) problems.push(`${page} names ${variable}, which nothing reads`);
}

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'web/README.md', 'e2e/clients/README.md', 'bench/README.md'];
for (const folder of ['docs', 'docs/adr']) {
	pages.push(...readdirSync(folder).filter((name) => name.endsWith('.md')).map((name) => join(folder, name)));
}
for (const path of pages.filter(existsSync)) {
	for (const [, target] of readFileSync(path, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
		if (/^[a-z]+:/.test(target) || target.startsWith('#')) continue;
		if (!existsSync(join(dirname(path), target.split('#')[0]))) problems.push(`${path} links to ${target}, which is not there`);
	}
}

for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
