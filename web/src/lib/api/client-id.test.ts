import { expect, test } from 'vitest';
import { decodeClientId, encodeClientId } from './client-id.ts';

test.each([
	['nextcloud', 'nextcloud'],
	['3654a746-35d4-4321-ac61-0bdcff2b4055', '3654a746-35d4-4321-ac61-0bdcff2b4055'],
	['a.b_c-D', 'a.b_c-D'],
	['https://app.example.com/client.json', '~aHR0cHM6Ly9hcHAuZXhhbXBsZS5jb20vY2xpZW50Lmpzb24'],
	['~tilde', '~fnRpbGRl'],
	['a/b', '~YS9i'],
	['ü?>', '~w7w_Pg']
])('%s travels as %s and back', (id, segment) => {
	expect(encodeClientId(id)).toBe(segment);
	expect(decodeClientId(segment)).toBe(id);
});

test.each(['~%%%', '~_w', '~a'])('%s does not decode and is taken verbatim', (segment) => {
	expect(decodeClientId(segment)).toBe(segment);
});
