/** Two texts, cut where they begin and cease to differ. */
export interface Difference {
	same: string;
	different: string;
	rest: string;
}

/** What of `text` is not in `other`, between what both begin and end with. */
export function difference(text: string, other: string): Difference {
	const shorter = Math.min(text.length, other.length);
	let start = 0;
	while (start < shorter && text[start] === other[start]) start++;
	let end = 0;
	while (end < shorter - start && text.at(-1 - end) === other.at(-1 - end)) end++;
	return {
		same: text.slice(0, start),
		different: text.slice(start, text.length - end),
		rest: text.slice(text.length - end)
	};
}

/** The one of some texts that is most like a text: that has most in common at its beginning and end. */
export function closest(text: string, others: string[]): string | undefined {
	const common = (other: string) => {
		const { same, rest } = difference(text, other);
		return same.length + rest.length;
	};
	return others.toSorted((a, b) => common(b) - common(a))[0];
}
