/** The accent colours offered, as CSS colours; their names are not translated. */
export const ACCENTS = [
	{ name: 'Default', value: 'default' },
	{ name: 'Rose', value: 'oklch(0.63 0.2 15)' },
	{ name: 'Orange', value: 'oklch(0.68 0.2 50)' },
	{ name: 'Amber', value: 'oklch(0.75 0.18 80)' },
	{ name: 'Green', value: 'oklch(0.65 0.2 150)' },
	{ name: 'Teal', value: 'oklch(0.6 0.15 180)' },
	{ name: 'Blue', value: 'oklch(0.6 0.2 240)' },
	{ name: 'Purple', value: 'oklch(0.6 0.24 300)' }
] as const;

const PROPERTIES = ['--primary', '--primary-foreground', '--ring'];

const NEAR_WHITE = 'oklch(0.985 0.006 84)';
const NEAR_BLACK = 'oklch(0.21 0.05 267)';

/** Whether the browser takes a text for a colour. Variables and the like are no colours of their own. */
export function isColor(value: string): boolean {
	return !/var\(|url\(|[;{}]/i.test(value) && CSS.supports('color', value);
}

/** The red, green and blue of a colour, 0 to 1, as a screen would show it. */
function channels(color: string): [number, number, number] {
	const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	if (!context) return [0.5, 0.5, 0.5];
	context.fillStyle = color;
	context.fillRect(0, 0, 1, 1);
	const [red = 128, green = 128, blue = 128] = context.getImageData(0, 0, 1, 1).data;
	return [red / 255, green / 255, blue / 255];
}

/** Relative luminance (WCAG 2). */
export function luminance([red, green, blue]: [number, number, number]): number {
	const linear = (value: number) =>
		value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
	return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** Which of the two text colours is easier to read on a colour of this luminance: equal contrast is at 0.179. */
export const readableOn = (luminance: number): string =>
	luminance > 0.179 ? NEAR_BLACK : NEAR_WHITE;

/** Paints the whole page in an accent colour; what is no colour means the default one. */
export function applyAccent(value: string): void {
	const style = document.documentElement.style;
	if (value === 'default' || !isColor(value)) {
		for (const property of PROPERTIES) style.removeProperty(property);
		return;
	}
	style.setProperty('--primary', value);
	style.setProperty('--primary-foreground', readableOn(luminance(channels(value))));
	style.setProperty('--ring', `color-mix(in oklab, ${value} 50%, transparent)`);
}
