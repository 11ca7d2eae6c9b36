#!/usr/bin/env bash
# From a fresh machine to a folder of web-sized pictures: installs what is missing, builds, runs one job, says what came out.
#
#   deploy/quickstart.sh [FOLDER]     every picture in FOLDER, or in a folder of made pictures
#
# GC_OUT names the folder to write to (default: ./graphcap-quickstart); a second run into the same folder finds the same bytes
# there and says so. Ends with 0 when only pictures were at fault, and says which and why.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
out=${GC_OUT:-$PWD/graphcap-quickstart}
bin=$top/build/release/bin

say() { printf '%s\n' "$*" >&2; }
die() { say "quickstart: $*"; exit 1; }

case "${1:-}" in
-h | --help)
  sed -n '2,7s/^# \{0,1\}//p' "$0"
  exit 0
  ;;
esac
[ $# -le 1 ] || die "one folder at most (quote a name with spaces)"
pictures=
if [ $# -eq 1 ]; then
  [ -d "$1" ] || die "there is no folder '$1'"
  pictures=$(cd "$1" && pwd)
fi

"$top/deploy/deps.sh" "$([ -n "$pictures" ] && echo build || echo pictures)"
say "building (build/release) ..."
mkdir -p "$top/build/release"
log=$top/build/release/quickstart.log
(cd "$top" && cmake --preset release && cmake --build build/release --target gcctl gc-coordinator gc-worker) >"$log" 2>&1 ||
  { tail -n 40 "$log" >&2; die "the build failed: $log has it all"; }

mkdir -p "$out"
if [ -z "$pictures" ]; then
  pictures=$out/pictures
  "$top/deploy/quickstart/make-pictures.sh" "$pictures"
fi

cd "$out"
say "every picture in $pictures, by deploy/quickstart/web_photos.yaml:"
status=0
"$bin/gcctl" run "$top/deploy/quickstart/web_photos.yaml" --set "photos.path=$pictures" --state "$out/state" || status=$?
# 5: all is done but for the pictures named above.
[ "$status" -eq 0 ] || [ "$status" -eq 5 ] || die "the run did not end well (gcctl's exit code $status)"

say ""
[ "$status" -eq 5 ] || say "quarantined: none"
say "Made: $out/web (a WebP of each picture), $out/sheet.jpg (all of them on one sheet)."
say "Every result, number and failure is kept in $out/state; the commands above want"
say "  export PATH=$bin:\$PATH GRAPHCAP_STATE=$out/state"
