# Shared by the scripts beside it: `. "$(dirname "$0")/lib/common.sh"`.
# shellcheck shell=bash
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$ROOT"
# One target folder for every build, whatever the caller's environment says.
export CARGO_TARGET_DIR="$ROOT/target"
# npm and pip must not stop to ask or to advertise.
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false
export PIP_DISABLE_PIP_VERSION_CHECK=1

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

# need COMMAND "what it is and how to get it"
need() {
	command -v "$1" >/dev/null 2>&1 || die "$1 is missing: $2"
}

need_toolchain() {
	need cargo 'install Rust 1.94 or newer with rustup'
	need node 'install Node.js 20 or newer'
	need npm 'it comes with Node.js'
	command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 ||
		die 'cc is missing: install a C compiler (Debian: apt-get install build-essential)'
}

# A hash of the files under the given paths (or of the files themselves), whatever their times say.
hash_of() {
	find "$@" -type f \
		-not -path '*/node_modules/*' -not -path '*/paraglide/*' -not -path '*/.svelte-kit/*' \
		-print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

# unchanged STAMP HASH: whether the stamp holds the hash already.
unchanged() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# npm_install FOLDER: `npm ci` there unless its lock file is the one installed last.
npm_install() {
	local stamp="$1/node_modules/.installed" hash
	hash="$(hash_of "$1/package.json" "$1/package-lock.json")"
	if unchanged "$stamp" "$hash"; then return; fi
	say "Installing npm packages in $1"
	(cd "$1" && npm ci --no-fund --no-audit)
	printf '%s' "$hash" >"$stamp"
}

# The built UI in web/build, which the server embeds.
web_build() {
	npm_install web
	local stamp="web/build/.built-from" hash
	hash="$(hash_of web/src web/static web/messages web/project.inlang/settings.json web/scripts \
		web/package.json web/package-lock.json web/vite.config.ts web/tsconfig.json)"
	if unchanged "$stamp" "$hash" && [ -f web/build/index.html ]; then return; fi
	say 'Building the UI'
	(cd web && npm run --silent build)
	printf '%s' "$hash" >"$stamp"
}
