import type { Component, Snippet } from 'svelte';

export interface Column<T> {
	/** The API's name of the field: sorting and filtering use it. */
	id: string;
	label: string;
	sortable?: boolean;
	/** Not shown until chosen under "View". */
	hidden?: boolean;
	/** Nothing to show here, though in another table of the same id: what was chosen about it is kept. */
	absent?: boolean;
	/** Offers these values as a filter. */
	filter?: { value: string; label: string }[];
	/** The cell as text; booleans read Yes or No. */
	value?: (row: T) => string | number | boolean | null | undefined;
	/** The cell as markup; wins over `value`. */
	cell?: Snippet<[T]>;
	class?: string;
}

export interface RowAction<T> {
	label: string;
	icon: Component<{ class?: string; 'aria-hidden'?: 'true' }>;
	run: (row: T) => void | Promise<void>;
	/** A click on the row does this. */
	primary?: boolean;
	danger?: boolean;
	hidden?: (row: T) => boolean;
	disabled?: (row: T) => boolean;
}
