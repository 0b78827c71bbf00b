/* Draws the PNG icons from the mark: node dev-mock/icons.ts */
import { readFileSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const mark = readFileSync('static/img/static-logo.svg', 'utf8')
	.replace(/<style>[\s\S]*?<\/style>/, '')
	.replaceAll('class="card"', 'fill="#fffdf8" stroke="#eadfcb"')
	.replaceAll('class="pocket"', 'fill="#5d7ac8"');

const browser = await chromium.launch({
	executablePath: '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu']
});
for (const [name, radius, size] of [
	['static-logo-512', 0, 300],
	['static-logo-rounded-512', 116, 350]
] as const) {
	const page = await browser.newPage({ viewport: { width: 512, height: 512 } });
	await page.setContent(
		`<body style="margin:0;background:transparent"><div style="width:512px;height:512px;border-radius:${radius}px;background:#24366b;display:grid;place-items:center"><div style="width:${size}px;height:${size}px">${mark}</div></div></body>`
	);
	writeFileSync(`static/img/${name}.png`, await page.screenshot({ omitBackground: true }));
}
await browser.close();
