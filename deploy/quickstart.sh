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
if [ $# -eq 1 ]; then
  [ -d "$1" ] || die "there is no folder '$1'"
  pictures=$(cd "$1" && pwd)
fi

"$top/deploy/deps.sh"
say "building (build/release) ..."
(cd "$top" && cmake --preset release >/dev/null && cmake --build build/release >build/release/quickstart.log 2>&1) ||
  { tail -n 40 "$top/build/release/quickstart.log" >&2; die "the build failed: build/release/quickstart.log has it all"; }

mkdir -p "$out"
if [ -z "${pictures:-}" ]; then
  pictures=$out/pictures
  "$top/deploy/quickstart/make-pictures.sh" "$pictures"
fi

job=$top/deploy/quickstart/web_photos.yaml
cd "$out"
say "running $job on $pictures ..."
status=0
report=$("$bin/gcctl" run "$job" --set "photos.path=$pictures" --state "$out/state" --json) || status=$?
[ "$status" -eq 0 ] || [ "$status" -eq 5 ] || die "the run did not end well (exit $status): $report"

run=$(printf '%s' "$report" | jq -r .run)
say ""
printf '%s' "$report" | jq -r '
  def n(x): (x // 0 | tostring);
  "\(.items) pictures, \(.nodes.saved.done) made into WebP of at most 512 pixels in \(.seconds * 100 | round / 100) s: \(.items_per_second * 10 | round / 10) images/s, \(.megapixels_per_second * 10 | round / 10) megapixels/s",
  "summary of the pictures (width, height, bands, mean, deviation ...):",
  (.results.summary | tojson)'
say ""
say "made:       $out/web (WebP), $out/state (results and accounts)"
say "statistics: $bin/gcctl results $run --node tone --state $out/state"
if [ "$status" -eq 5 ]; then
  say "quarantined, and why:"
  "$bin/gcctl" failures "$run" --state "$out/state" >&2
else
  say "quarantined: none"
fi
exit 0
