const parts = (version: string) =>
	(version.split(/[-+]/)[0] ?? '').split('.').map((part) => Number.parseInt(part, 10) || 0);

/** Whether a release comes after the one that runs; of a version that is none, it does not. */
export function isNewer(latest: string, running: string): boolean {
	if (!/^\d/.test(latest) || !/^\d/.test(running)) return false;
	const [a, b] = [parts(latest), parts(running)];
	for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
		const difference = (a[index] ?? 0) - (b[index] ?? 0);
		if (difference !== 0) return difference > 0;
	}
	// The same numbers: a finished release comes after its candidates.
	return running.includes('-') && !latest.includes('-');
}
