/* A mail as people see it: in light, dark and on a phone, readable in each. */
import { mkdir } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const FOLDER = process.env.SCREENSHOTS;
const RULES = ['color-contrast', 'document-title', 'html-has-lang', 'image-alt', 'link-name', 'valid-lang'];

const LOOKS = {
	light: { scheme: 'light', width: 760 },
	dark: { scheme: 'dark', width: 760 },
	phone: { scheme: 'dark', width: 390 }
} as const;
export type Look = keyof typeof LOOKS;

/** Shows the HTML of a mail beside a page, fails if it is hard to read, and takes pictures where somebody asks for them. */
export async function portrayMail(
	beside: Page,
	name: string,
	html: string,
	looks: readonly Look[] = ['light', 'dark', 'phone']
): Promise<void> {
	const page = await beside.context().newPage();
	for (const look of looks) {
		const { scheme, width } = LOOKS[look];
		await page.emulateMedia({ colorScheme: scheme });
		await page.setViewportSize({ width, height: 760 });
		await page.setContent(html, { waitUntil: 'load' });
		const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
		expect(wide, `the mail ${name} is wider than ${width} pixels`).toBe(false);
		const { violations } = await new AxeBuilder({ page }).withRules(RULES).analyze();
		const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(', ')}`);
		expect(found, `axe on the mail ${name}, ${look}`).toEqual([]);
		if (FOLDER) {
			await mkdir(FOLDER, { recursive: true });
			await page.screenshot({ path: `${FOLDER}/mail-${name}-${look}.png`, fullPage: true });
		}
	}
	await page.close();
}
