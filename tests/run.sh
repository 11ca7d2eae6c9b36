#!/bin/bash
# Builds graphcap twice and runs every test: under ASan and UBSan, and as it is shipped.
#
#     tests/run.sh [CTEST-OPTIONS]      e.g. tests/run.sh -L unit
#
# Ends with one line, `N passed, N failed, N skipped`, over both builds, and fails if one test did
# or if something does not build. Names what was skipped, with the test's own reason.
#
#     GC_JOBS       compilers and tests at a time (default: the processors)
#     GC_WERROR=ON  warnings are errors in the release build too
#     GC_NO_DEPS=1  install nothing
#     GRAPHCAP_TEST_DATA  a folder of images for the tests that want real ones
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

jobs=${GC_JOBS:-$(nproc)}
passed=0 failed=0 skipped=0

if [ -z "${GC_NO_DEPS:-}" ]; then
    deploy/deps.sh tests || { echo "run.sh: cannot install what the tests need" >&2; exit 1; }
fi

# Adds one ctest report to the totals and names its failures and skips.
count()
{
    local preset=$1 report=$2
    local summary tests bad not_run
    # The attributes of <testsuite> stand on a line each, or all on one; both are read.
    summary=$(tr '\n\t' '  ' <"$report" | sed 's/<testcase.*//')
    attribute() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$summary"; }
    tests=$(attribute tests) bad=$(attribute failures) not_run=$(attribute skipped)
    passed=$((passed + tests - bad - not_run))
    failed=$((failed + bad))
    skipped=$((skipped + not_run))
    awk -v preset="$preset" '
        /<testcase / { match($0, /name="[^"]*"/); name = substr($0, RSTART + 6, RLENGTH - 7); state = ""; why = "" }
        /<failure/ { state = "failed" }
        /<skipped/ { state = "skipped" }
        tolower($0) ~ /skip/ && !/<skipped|status=/ { why = $0; sub(/.*<system-out>/, "", why); sub(/<\/system-out>.*/, "", why) }
        /<\/testcase>/ && state == "skipped" { print preset ": skipped " name (why == "" ? "" : ": " why) }
        /<\/testcase>/ && state == "failed" { print preset ": FAILED " name }
    ' "$report" | sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g'
}

for preset in asan release; do
    build=build/$preset
    log=$build/run.log
    mkdir -p "$build"
    werror=()
    if [ "$preset" = release ]; then werror=("-DGC_WERROR=${GC_WERROR:-OFF}"); fi
    echo "== $preset: building"
    if ! cmake --preset "$preset" "${werror[@]}" >"$log" 2>&1; then
        cat "$log"
        failed=$((failed + 1))
        continue
    fi
    # Goes on past what does not build, so that one run shows everything that is wrong.
    if ! cmake --build "$build" -j "$jobs" -- -k 0 >"$log" 2>&1; then
        grep -E 'error|warning|FAILED|undefined' "$log" | head -n 60
        echo "$preset: FAILED to build (all of it: $log)"
        failed=$((failed + 1))
    fi
    echo "== $preset: testing"
    report=$PWD/$build/report.xml
    rm -f "$report"
    ctest --test-dir "$build" -j "$jobs" --output-on-failure --output-junit "$report" \
        --test-output-size-passed 4096 "$@"
    if [ -s "$report" ]; then
        count "$preset" "$report"
    else
        echo "$preset: FAILED: ctest wrote no report"
        failed=$((failed + 1))
    fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
