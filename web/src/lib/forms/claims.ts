import type { CustomClaim } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';

/** What is wrong with claims, by row. Which names are reserved is the server's to say. */
export function claimFaults(claims: CustomClaim[]): Record<number, string> {
	const faults: Record<number, string> = {};
	claims.forEach(({ key, value }, index) => {
		if (key.trim() === '') faults[index] = m.rule_claim_key();
		else if (value === '') faults[index] = m.rule_claim_value();
		else if (claims.findIndex((other) => other.key.trim() === key.trim()) !== index)
			faults[index] = m.rule_claim_duplicate();
	});
	return faults;
}
