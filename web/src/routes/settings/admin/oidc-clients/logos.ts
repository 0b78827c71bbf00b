import { clients, logoPath } from '#lib/api/clients.ts';
import { changed } from '#lib/fresh-images.svelte.ts';
import type { LogoChoice } from './LogoField.svelte';

/** What is to be done with a client's logos. */
export interface Logos {
	light: LogoChoice;
	dark: LogoChoice;
}

/** Does it, for what an ordinary update does not do by itself; says whether anything was another one afterwards. */
export async function saveLogos(id: string, logos: Logos): Promise<boolean> {
	let any = false;
	for (const [choice, dark] of [
		[logos.light, false],
		[logos.dark, true]
	] as const) {
		if (choice.file) await clients.setLogo(id, dark, choice.file);
		else if (choice.remove) await clients.removeLogo(id, dark);
		else if (!choice.url) continue;
		changed(logoPath(id, dark));
		any = true;
	}
	return any;
}
