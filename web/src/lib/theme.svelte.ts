export type ThemeMode = 'light' | 'dark' | 'system';

const KEY = 'mode-watcher-mode';

const isMode = (value: unknown): value is ThemeMode =>
	value === 'light' || value === 'dark' || value === 'system';

function storedMode(): ThemeMode {
	try {
		const value = localStorage.getItem(KEY);
		return isMode(value) ? value : 'system';
	} catch {
		return 'system';
	}
}

/** The colour scheme. app.html applies the same rule before the first paint. */
class Theme {
	mode = $state<ThemeMode>(storedMode());
	#systemDark = $state(false);

	constructor() {
		const query = matchMedia('(prefers-color-scheme: dark)');
		this.#systemDark = query.matches;
		query.addEventListener('change', (event) => {
			this.#systemDark = event.matches;
			this.#apply();
		});
	}

	get dark(): boolean {
		return this.mode === 'dark' || (this.mode === 'system' && this.#systemDark);
	}

	set(mode: ThemeMode): void {
		this.mode = mode;
		try {
			localStorage.setItem(KEY, mode);
		} catch {
			// Without storage the choice lasts until the page is closed.
		}
		this.#apply();
	}

	#apply(): void {
		document.documentElement.classList.toggle('dark', this.dark);
		document.documentElement.style.colorScheme = this.dark ? 'dark' : 'light';
	}
}

export const theme = new Theme();
