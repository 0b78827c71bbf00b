import type { CustomClaim } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';

/** What is wrong with a claim, and with which part of it. */
export interface ClaimFault {
	field: 'key' | 'value';
	message: string;
}

/** What is wrong with claims, by row. Which names are reserved is the server's to say. */
export function claimFaults(claims: CustomClaim[]): Record<number, ClaimFault> {
	const faults: Record<number, ClaimFault> = {};
	claims.forEach(({ key, value }, index) => {
		if (key.trim() === '') faults[index] = { field: 'key', message: m.rule_claim_key() };
		else if (value === '') faults[index] = { field: 'value', message: m.rule_claim_value() };
		else if (claims.findIndex((other) => other.key.trim() === key.trim()) !== index)
			faults[index] = { field: 'key', message: m.rule_claim_duplicate() };
	});
	return faults;
}
