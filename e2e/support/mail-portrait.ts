/* A mail as people see it: in light, dark and on a phone, readable in each. */
import { mkdir } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const FOLDER = process.env.SCREENSHOTS;
const RULES = ['color-contrast', 'document-title', 'html-has-lang', 'image-alt', 'link-name', 'valid-lang'];

/** Shows the HTML of a mail beside a page, fails if it is hard to read, and takes pictures where somebody asks for them. */
export async function portrayMail(beside: Page, name: string, html: string): Promise<void> {
	const page = await beside.context().newPage();
	for (const [suffix, scheme, width] of [
		['light', 'light', 760],
		['dark', 'dark', 760],
		['phone', 'dark', 390]
	] as const) {
		await page.emulateMedia({ colorScheme: scheme });
		await page.setViewportSize({ width, height: 760 });
		await page.setContent(html, { waitUntil: 'load' });
		const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
		expect(wide, `the mail ${name} is wider than ${width} pixels`).toBe(false);
		const { violations } = await new AxeBuilder({ page }).withRules(RULES).analyze();
		const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(', ')}`);
		expect(found, `axe on the mail ${name}, ${suffix}`).toEqual([]);
		if (FOLDER) {
			await mkdir(FOLDER, { recursive: true });
			await page.screenshot({ path: `${FOLDER}/mail-${name}-${suffix}.png`, fullPage: true });
		}
	}
	await page.close();
}
