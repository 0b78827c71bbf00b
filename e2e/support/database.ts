/* The database of an installation: for what only time or another program would write there. */
import { execFileSync } from 'node:child_process';
import type { PocketId } from './pocket-id.js';
import { PYTHON } from './smtp-sink.js';

const SCRIPT = `import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=10)
n = c.execute(sys.argv[2]).rowcount
c.commit()
sys.exit(n != 1)`;

/** Runs an UPDATE that changes one row, and fails if it was not exactly one. */
export function changeRow({ folder, database }: Pick<PocketId, 'folder' | 'database'>, update: string): void {
	if (database === undefined) {
		execFileSync(PYTHON, ['-c', SCRIPT, `${folder}/data/pocket-id.db`, update]);
		return;
	}
	const said = execFileSync('psql', [database, '--no-psqlrc', '--command', update], { encoding: 'utf8' });
	if (said.trim() !== 'UPDATE 1') throw new Error(`${update}: ${said}`);
}
