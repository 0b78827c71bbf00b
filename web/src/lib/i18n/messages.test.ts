import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LANGUAGES } from './locale.ts';

type Messages = Record<string, string>;

const read = (file: string): Messages =>
	JSON.parse(readFileSync(`messages/${file}`, 'utf8')) as Messages;
const placeholders = (text: string) =>
	[...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

const en = read('en.json');
const files = readdirSync('messages');

test('the picker offers exactly the languages there are messages for', () => {
	expect(LANGUAGES.map((language) => `${language.value}.json`).sort()).toEqual(files.sort());
});

describe.each(files)('%s', (file) => {
	const messages = read(file);

	test('has every message of the English catalogue and no other', () => {
		expect(Object.keys(messages).sort()).toEqual(Object.keys(en).sort());
	});

	test('has no empty message and the same placeholders', () => {
		for (const [key, text] of Object.entries(messages)) {
			expect(text.trim(), key).not.toBe('');
			expect(placeholders(text), key).toEqual(placeholders(en[key] ?? ''));
		}
	});
});
