import type { ListQuery, Paginated } from '#lib/api/types.ts';

/** A page of a list the browser has as a whole: searched in and sorted by the texts a row has. */
export function localPage<T>(
	rows: T[],
	query: ListQuery,
	texts: Record<string, (row: T) => string>
): Paginated<T> {
	const needle = query.search?.toLowerCase() ?? '';
	const found = rows.filter((row) =>
		Object.values(texts).some((text) => text(row).toLowerCase().includes(needle))
	);
	const sort = query.sort;
	const text = sort && texts[sort.column];
	if (text) {
		const factor = sort.direction === 'desc' ? -1 : 1;
		found.sort((a, b) => factor * text(a).localeCompare(text(b)));
	}
	const itemsPerPage = query.limit ?? 20;
	const totalPages = Math.max(1, Math.ceil(found.length / itemsPerPage));
	const currentPage = Math.min(Math.max(query.page ?? 1, 1), totalPages);
	const from = (currentPage - 1) * itemsPerPage;
	return {
		data: found.slice(from, from + itemsPerPage),
		pagination: { currentPage, itemsPerPage, totalItems: found.length, totalPages }
	};
}
