/* A camera: reads the QR code a page really shows. */
import { expect, type Locator } from '@playwright/test';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';

/** How much of what is around the code the camera sees, in pixels. */
const AROUND = 16;

/**
 * What the QR code says, from its pixels and those around it, in light and in dark mode. Only dark squares on a light
 * ground are read: not every camera knows what to do with the reverse.
 */
export async function readQrCode(code: Locator): Promise<string> {
	const page = code.page();
	let said = '';
	for (const colorScheme of ['dark', 'light'] as const) {
		await page.emulateMedia({ colorScheme });
		await expect(page.locator('html.dark')).toHaveCount(colorScheme === 'dark' ? 1 : 0);
		// Waits until it stands still.
		await code.scrollIntoViewIfNeeded();
		await code.hover();
		const box = (await code.boundingBox())!;
		const clip = {
			x: box.x - AROUND,
			y: box.y - AROUND,
			width: box.width + 2 * AROUND,
			height: box.height + 2 * AROUND
		};
		const { data, width, height } = PNG.sync.read(await page.screenshot({ clip }));
		const read = jsQR.default(new Uint8ClampedArray(data), width, height, { inversionAttempts: 'dontInvert' });
		expect(read, `a QR code is read in ${colorScheme} mode`).not.toBeNull();
		if (said !== '') expect(read!.data).toBe(said);
		said = read!.data;
	}
	await page.emulateMedia({ colorScheme: null });
	return said;
}
