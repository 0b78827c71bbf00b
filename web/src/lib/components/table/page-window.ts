/** The page numbers a pager shows; `null` is a gap. The first, last and neighbouring pages always show. */
export function pageWindow(page: number, totalPages: number): (number | null)[] {
	const wanted = [1, page - 1, page, page + 1, totalPages].filter((n) => n >= 1 && n <= totalPages);
	const pages = [...new Set(wanted)].sort((a, b) => a - b);
	return pages.flatMap((n, index) => {
		const previous = pages[index - 1];
		if (previous === undefined || n - previous === 1) return [n];
		return n - previous === 2 ? [n - 1, n] : [null, n];
	});
}
