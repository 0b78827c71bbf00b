import { expect, test } from 'vitest';
import { groupName } from './group-name';

test.each([
	['Editors', 'editors'],
	['Home & Garden', 'home___garden'],
	[' Größe 2 ', 'gr__e_2'],
	['', '']
])('%s is called %s in claims', (friendly, expected) => {
	expect(groupName(friendly)).toBe(expected);
});
