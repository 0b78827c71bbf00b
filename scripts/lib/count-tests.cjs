// Adds up what cargo test, Vitest and Playwright say they ran, and fails if one of them ran nothing.
const { readFileSync } = require('node:fs');

// eslint-disable-next-line no-control-regex
const text = readFileSync(process.argv[2], 'utf8').replace(/\u001b\[[0-9;]*m/g, '');
const sum = (pattern) => [...text.matchAll(pattern)].reduce((all, match) => all + Number(match[1]), 0);
const counts = {
	'cargo test': sum(/^test result: ok\. (\d+) passed/gm),
	Vitest: sum(/^\s*Tests\s+(?:\d+ skipped \| )?(\d+) passed/gm),
	Playwright: sum(/^\s+(\d+) passed \(/gm)
};
for (const [runner, count] of Object.entries(counts)) {
	if (count === 0) {
		console.error(`${runner} ran no test`);
		process.exit(1);
	}
}
console.log(Object.values(counts).reduce((a, b) => a + b));
