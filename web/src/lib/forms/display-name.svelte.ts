interface Names {
	firstName: string;
	lastName: string;
	displayName: string;
}

/** Fills the display name from first and last name until somebody writes one by hand. */
export class DisplayName {
	#automatic: boolean;

	constructor(initial: Names) {
		this.#automatic = initial.displayName === '';
	}

	edited(): void {
		this.#automatic = false;
	}

	namesChanged(values: Names): void {
		if (!this.#automatic) return;
		values.displayName = `${values.firstName.trim()} ${values.lastName.trim()}`.trim();
	}
}
