/* Pictures to look at, in light, dark, on a tablet and on a phone; taken only where somebody asks for them. */
import { mkdir } from 'node:fs/promises';
import type { Page } from '@playwright/test';

const FOLDER = process.env.SCREENSHOTS;

export async function photograph(page: Page, name: string): Promise<void> {
	if (!FOLDER) return;
	await mkdir(FOLDER, { recursive: true });
	const before = page.viewportSize();
	for (const [suffix, scheme, width] of [
		['light', 'light', 1280],
		['dark', 'dark', 1280],
		['tablet', 'light', 820],
		['phone', 'light', 390]
	] as const) {
		await page.emulateMedia({ colorScheme: scheme });
		await page.setViewportSize({ width, height: 860 });
		// The page hears of the new look a moment later.
		await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
		await page.screenshot({ path: `${FOLDER}/${name}-${suffix}.png`, fullPage: true });
	}
	await page.emulateMedia({ colorScheme: null });
	if (before) await page.setViewportSize(before);
}
