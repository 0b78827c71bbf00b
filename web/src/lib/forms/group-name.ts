/** The name a group has in claims until somebody writes one by hand. */
export function groupName(friendlyName: string): string {
	return friendlyName
		.trim()
		.toLowerCase()
		.replace(/[^a-z0-9_]/gu, '_');
}
