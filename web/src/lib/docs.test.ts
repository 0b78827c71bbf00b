import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { docs, PROJECT, TOPICS } from './docs.ts';

/** The anchor of a heading, as repositories show Markdown. */
const anchor = (heading: string) =>
	heading
		.toLowerCase()
		.replace(/[^\w\s-]/g, '')
		.replace(/\s/g, '-');

test.each(TOPICS)('the section on %s is there', (topic) => {
	const [path, section] = docs(topic).slice(`${PROJECT}/blob/main/`.length).split('#');
	const text = readFileSync(`../${path}`, 'utf8');
	const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading ?? ''));
	expect(anchors).toContain(section);
});
