#!/usr/bin/env bash
# Cuts the font for generated profile pictures down to capital letters and digits.
# Source: Debian's fonts-dejavu-core; tool: fonttools from PyPI. The result is checked in.
set -euo pipefail
cd "$(dirname "$0")/.."
source=/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf
[ -f "$source" ] || { echo "install fonts-dejavu-core first" >&2; exit 1; }
venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" -q install fonttools
"$venv/bin/pyftsubset" "$source" --no-hinting --drop-tables+=GSUB,GPOS,GDEF \
  --unicodes="U+0030-0039,U+0041-005A,U+00C0-00DE,U+0100-017F,U+0386-03AB,U+0400-042F,U+0531-0556,U+10A0-10C5,U+0621-064A,U+05D0-05EA" \
  --output-file=crates/server/assets/fonts/DejaVuSans-Bold-initials.ttf
