import type { SortDirection } from '#lib/api/types.ts';

/** What a table remembers between visits, in the format older versions wrote. */
export interface TablePrefs {
	visibleColumns: string[];
	paginationLimit: number;
	sort?: { column: string; direction: SortDirection };
	filters: Record<string, string[]>;
	/** How many rows were seen last, so that the skeleton has the right height. */
	length?: number;
}

export const PAGE_SIZES = [20, 50, 100] as const;

const isRecord = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const strings = (value: unknown): string[] =>
	Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** Reads stored preferences; whatever is missing, damaged or no longer exists gives way to the default. */
export function parsePrefs(
	stored: unknown,
	defaults: TablePrefs,
	columns: { id: string; sortable: boolean }[]
): TablePrefs {
	if (!isRecord(stored)) return defaults;
	const ids = new Set(columns.map((column) => column.id));
	const sortable = new Set(columns.filter((column) => column.sortable).map((column) => column.id));

	const visible = strings(stored.visibleColumns).filter((id) => ids.has(id));
	const limit = PAGE_SIZES.find((size) => size === stored.paginationLimit);
	const sort = isRecord(stored.sort) ? stored.sort : null;
	const filters = isRecord(stored.filters) ? stored.filters : {};

	return {
		visibleColumns: visible.length > 0 ? visible : defaults.visibleColumns,
		paginationLimit: limit ?? defaults.paginationLimit,
		sort:
			sort && typeof sort.column === 'string' && sortable.has(sort.column)
				? { column: sort.column, direction: sort.direction === 'desc' ? 'desc' : 'asc' }
				: defaults.sort,
		filters: Object.fromEntries(
			Object.entries(filters)
				.map(([key, value]) => [key, strings(value)] as const)
				.filter(([key, values]) => ids.has(key) && values.length > 0)
		),
		length:
			typeof stored.length === 'number' && stored.length >= 0
				? Math.min(Math.floor(stored.length), 100)
				: undefined
	};
}

export const prefsKey = (tableId: string): string => `table-${tableId}-preferences`;
export const pageParam = (tableId: string): string => `${tableId}-page`;

/** The page number in the URL; anything but a positive whole number means the first page. */
export function pageFromUrl(params: { get(name: string): string | null }, tableId: string): number {
	const value = Number(params.get(pageParam(tableId)));
	return Number.isInteger(value) && value > 0 ? value : 1;
}

export const searchParam = (tableId: string): string => `${tableId}-search`;
export const sortParam = (tableId: string): string => `${tableId}-sort`;

/** The order in the URL, as `column` or `-column`; none where the table cannot be sorted by it. */
export function sortFromUrl(
	params: { get(name: string): string | null },
	tableId: string,
	sortable: string[]
): TablePrefs['sort'] {
	const text = params.get(sortParam(tableId)) ?? '';
	const column = text.replace(/^-/, '');
	if (!sortable.includes(column)) return undefined;
	return { column, direction: text.startsWith('-') ? 'desc' : 'asc' };
}

/** Writes what a table shows into an address, so that reloading, going back and a link sent on show the same. */
export function writeToUrl(
	params: URLSearchParams,
	tableId: string,
	state: { page: number; search: string; sort: TablePrefs['sort'] }
): void {
	params.set(pageParam(tableId), String(state.page));
	if (state.search === '') params.delete(searchParam(tableId));
	else params.set(searchParam(tableId), state.search);
	if (state.sort) {
		const sign = state.sort.direction === 'desc' ? '-' : '';
		params.set(sortParam(tableId), sign + state.sort.column);
	} else params.delete(sortParam(tableId));
}

/** First click ascending, then descending, and so on. */
export function nextSort(
	current: TablePrefs['sort'],
	column: string
): { column: string; direction: SortDirection } {
	const direction = current?.column === column && current.direction === 'asc' ? 'desc' : 'asc';
	return { column, direction };
}
