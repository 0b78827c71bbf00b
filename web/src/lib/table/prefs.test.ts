import { expect, test } from 'vitest';
import { pageWindow } from '../components/table/page-window.ts';
import {
	nextSort,
	pageFromUrl,
	parsePrefs,
	sortFromUrl,
	writeToUrl,
	type TablePrefs
} from './prefs.ts';

const columns = [
	{ id: 'name', sortable: true },
	{ id: 'logo', sortable: false }
];
const defaults: TablePrefs = {
	visibleColumns: ['name', 'logo'],
	paginationLimit: 20,
	sort: { column: 'name', direction: 'asc' },
	filters: {}
};

test.each([null, 'x', 3, [], undefined])('stored %j gives the defaults', (stored) => {
	expect(parsePrefs(stored, defaults, columns)).toEqual(defaults);
});

test('what was stored comes back', () => {
	const stored = {
		visibleColumns: ['logo'],
		paginationLimit: 50,
		sort: { column: 'name', direction: 'desc' },
		filters: { name: ['a'] },
		length: 7
	};
	expect(parsePrefs(stored, defaults, columns)).toEqual(stored);
});

test('columns, sortings and page sizes that no longer exist give way', () => {
	const stored = {
		visibleColumns: ['gone', 4],
		paginationLimit: 33,
		sort: { column: 'logo', direction: 'asc' },
		filters: { gone: ['a'], name: [] },
		length: 1e9
	};
	expect(parsePrefs(stored, defaults, columns)).toEqual({ ...defaults, length: 100 });
});

test.each([
	['', 1],
	['t-page=3', 3],
	['t-page=0', 1],
	['t-page=-2', 1],
	['t-page=1.5', 1],
	['t-page=x', 1],
	['other-page=3', 1]
])('the page in "%s" is %i', (query, page) => {
	expect(pageFromUrl(new URLSearchParams(query), 't')).toBe(page);
});

test('a column sorts ascending first, then descending, then ascending again', () => {
	const first = nextSort(undefined, 'name');
	const second = nextSort(first, 'name');
	expect([first.direction, second.direction, nextSort(second, 'name').direction]).toEqual([
		'asc',
		'desc',
		'asc'
	]);
	expect(nextSort(second, 'email')).toEqual({ column: 'email', direction: 'asc' });
});

test.each([
	[1, 1, [1]],
	[1, 3, [1, 2, 3]],
	[1, 9, [1, 2, null, 9]],
	[5, 9, [1, null, 4, 5, 6, null, 9]],
	[4, 9, [1, 2, 3, 4, 5, null, 9]],
	[9, 9, [1, null, 8, 9]]
])('page %i of %i shows %j', (page, total, shown) => {
	expect(pageWindow(page, total)).toEqual(shown);
});

test.each([
	['t-sort=name', { column: 'name', direction: 'asc' }],
	['t-sort=-name', { column: 'name', direction: 'desc' }],
	['t-sort=logo', undefined],
	['t-sort=-', undefined],
	['', undefined]
])('the order in "%s" is %j', (query, sort) => {
	expect(sortFromUrl(new URLSearchParams(query), 't', ['name'])).toEqual(sort);
});

test('what a table shows is in the address, beside what else is there', () => {
	const params = new URLSearchParams('keep=1&t-search=old');
	writeToUrl(params, 't', { page: 2, search: 'a b', sort: { column: 'name', direction: 'desc' } });
	expect(params.toString()).toBe('keep=1&t-search=a+b&t-page=2&t-sort=-name');
	writeToUrl(params, 't', { page: 1, search: '', sort: undefined });
	expect(params.toString()).toBe('keep=1&t-page=1');
});
