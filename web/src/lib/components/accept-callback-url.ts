/* Registering the callback URL of a refused request, from wherever it is shown. */
import { refusedAuthorizations } from '#lib/api/refused-authorizations.ts';
import type { RefusedAuthorization } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { confirm } from './ui/confirm.svelte.ts';
import { toast } from './ui/toast.svelte.ts';

function hostOf(url: string): string {
	try {
		const { host, protocol } = new URL(url);
		return host === '' ? protocol : host;
	} catch {
		return url;
	}
}

/** Asks first: whoever sent the administrator here may have made the URL up. */
export function acceptCallbackUrl(
	refused: RefusedAuthorization,
	clientName: string,
	done: () => void
): void {
	confirm({
		title: m.redirect_add_title(),
		message: m.redirect_add_question({ host: hostOf(refused.redirectUri), client: clientName }),
		label: m.redirect_add(),
		action: async () => {
			try {
				await refusedAuthorizations.accept(refused.id);
				toast.success(m.redirect_added());
				done();
			} catch (error) {
				toast.error(error);
			}
		}
	});
}
