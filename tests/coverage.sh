#!/usr/bin/env bash
# Branch coverage of the pure parts and the codec by their unit tests: builds preset cov (asserts without branches), runs the unit tests
# of core, plan, agent, proto and codec, prints a line a part and a line a file below the goal. Fails below 95 % of branches.
#   tests/coverage.sh [-v]     -v: every file
set -euo pipefail
cd "$(dirname "$0")/.."
command -v gcovr >/dev/null || { echo "coverage.sh: needs gcovr (apt-get install gcovr)" >&2; exit 1; }
cmake --preset cov >/dev/null
cmake --build build/cov -j "$(nproc)" >build/cov/coverage.log 2>&1 || { tail -n 30 build/cov/coverage.log >&2; exit 1; }
find build/cov -name '*.gcda' -delete
ctest --test-dir build/cov -R '^test_(core|plan|agent|proto|codec)_' -j "$(nproc)" >build/cov/coverage-tests.log 2>&1 ||
  { tail -n 40 build/cov/coverage-tests.log >&2; exit 1; }
report=build/cov/coverage.csv
gcovr -r . --csv -o "$report" build/cov --filter 'coordinator/core/' --filter 'coordinator/plan/' --filter 'worker/agent/' --filter 'proto/' \
  --exclude 'proto/socket.c' --exclude '.*\.h$' 2>build/cov/gcovr.log || { tail -n 20 build/cov/gcovr.log >&2; exit 1; }
awk -F, -v verbose="${1:-}" '
NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
  file = $column["filename"]; part = file; sub(/\/[^\/]*$/, "", part)
  if (file ~ /proto\/(codec|guard)/) part = "proto (codec)"
  total[part] += $column["branch_total"]; covered[part] += $column["branch_covered"]
  lines[part] += $column["line_total"]; hit[part] += $column["line_covered"]
  if ($column["branch_total"] > 0 && (verbose == "-v" || $column["branch_covered"] < 0.95 * $column["branch_total"]))
    printf "  %5.1f %% of %4d branches  %s\n", 100 * $column["branch_covered"] / $column["branch_total"], $column["branch_total"], file
}
END {
  for (part in total) {
    printf "%-24s %5.1f %% of %d branches, %5.1f %% of %d lines\n", part, 100 * covered[part] / total[part], total[part],
           100 * hit[part] / lines[part], lines[part]
    if (covered[part] < 0.95 * total[part]) below = 1
  }
  exit below
}' "$report"
