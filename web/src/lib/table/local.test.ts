import { expect, test } from 'vitest';
import { localPage } from './local';

const rows = ['pear', 'Apple', 'fig'].map((name) => ({ name }));
const texts = { name: (row: { name: string }) => row.name };
const names = (query: Parameters<typeof localPage>[1]) =>
	localPage(rows, query, texts).data.map((row) => row.name);

test('rows are searched, sorted and paged', () => {
	expect(names({})).toEqual(['pear', 'Apple', 'fig']);
	expect(names({ search: 'P' })).toEqual(['pear', 'Apple']);
	expect(names({ sort: { column: 'name', direction: 'asc' } })).toEqual(['Apple', 'fig', 'pear']);
	expect(names({ sort: { column: 'name', direction: 'desc' } })).toEqual(['pear', 'fig', 'Apple']);
	expect(names({ sort: { column: 'other', direction: 'asc' } })).toEqual(['pear', 'Apple', 'fig']);
	expect(names({ limit: 2, page: 2 })).toEqual(['fig']);
});

test('pages past the end are the last one, and an empty list has one page', () => {
	expect(localPage(rows, { limit: 2, page: 9 }, texts).pagination).toEqual({
		currentPage: 2,
		itemsPerPage: 2,
		totalItems: 3,
		totalPages: 2
	});
	expect(localPage([], {}, texts).pagination).toMatchObject({ totalPages: 1, totalItems: 0 });
});
