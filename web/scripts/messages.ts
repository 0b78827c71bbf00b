/* The messages become code: by Vite while it runs, and by `node scripts/messages.ts` for type checks. */
import { compile, type CompilerOptions } from '@inlang/paraglide-js';

export const messageOptions = {
	project: './project.inlang',
	outdir: './src/lib/paraglide',
	outputStructure: 'locale-modules',
	cookieName: 'locale',
	strategy: ['cookie', 'preferredLanguage', 'baseLocale']
} satisfies CompilerOptions;

if (import.meta.main) await compile(messageOptions);
