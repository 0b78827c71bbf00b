/* The SQLite file of an installation: for what only time or another program would write there. */
import { execFileSync } from 'node:child_process';
import { PYTHON } from './smtp-sink.js';

const SCRIPT = `import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=10)
n = c.execute(sys.argv[2]).rowcount
c.commit()
sys.exit(n != 1)`;

/** Runs a statement that changes one row, and fails if it was not exactly one. */
export function changeRow(folder: string, statement: string): void {
	execFileSync(PYTHON, ['-c', SCRIPT, `${folder}/data/pocket-id.db`, statement]);
}
