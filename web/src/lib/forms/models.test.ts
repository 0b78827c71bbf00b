import { expect, test } from 'vitest';
import { modelsRule, parseModels, storedModels } from './models.ts';

const ONE = '2fc0579f-8113-47ea-b116-bb5a8db9202a';
const TWO = 'ee882879-721c-4913-9775-3dfcce97072a';

test('models are read however they are separated', () => {
	expect(parseModels('')).toEqual([]);
	expect(parseModels(` ${ONE.toUpperCase()},${TWO}\n`)).toEqual([ONE, TWO]);
	expect(parseModels(`${ONE} ${TWO}`)).toEqual([ONE, TWO]);
});

test.each([
	['', true],
	[ONE, true],
	[`${ONE}, ${TWO}`, true],
	['YubiKey', false],
	[`${ONE}, YubiKey`, false],
	[ONE.replaceAll('-', ''), false]
])('%j is fine: %s', (text, fine) => {
	expect(modelsRule(text) === undefined).toBe(fine);
});

test('a damaged setting is an empty list', () => {
	expect(storedModels(JSON.stringify([ONE]))).toEqual([ONE]);
	expect(storedModels('{')).toEqual([]);
	expect(storedModels('{}')).toEqual([]);
});
