/* Where a claim of the data preview comes from, in the words of the UI. The server says it in English, see
   crates/server/src/oidc/preview.rs. */
import { m } from '#lib/paraglide/messages.js';

const REASONS: Record<string, () => string> = {
	protocol: m.preview_reason_protocol,
	user: m.preview_reason_user,
	'groups of the user': m.preview_reason_groups,
	'custom claim of the user': m.preview_reason_user_claim
};
const OF_GROUP = 'custom claim of the group ';

/** A reason as people read it; one that is not known is shown as it is. */
export function previewReason(reason: string): string {
	if (Object.hasOwn(REASONS, reason)) return REASONS[reason]!();
	if (!reason.startsWith(OF_GROUP)) return reason;
	return m.preview_reason_group_claim({ group: reason.slice(OF_GROUP.length) });
}
