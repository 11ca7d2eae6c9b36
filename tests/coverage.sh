#!/usr/bin/env bash
# Branch coverage of the pure parts and the codec by their unit tests: builds preset cov (asserts without branches), runs the unit tests
# of core, plan, agent, proto and codec, prints a line a part and a line a file below the goal. Fails below 95 % of branches of a part,
# and where a part was not measured at all.
#   tests/coverage.sh [-v]     -v: every file
#   GC_COV_BUILD=FOLDER        builds there, not in build/cov
set -euo pipefail
cd "$(dirname "$0")/.."
build=${GC_COV_BUILD:-build/cov}
command -v gcovr >/dev/null || { echo "coverage.sh: needs gcovr (apt-get install gcovr)" >&2; exit 1; }
cmake --preset cov -B "$build" >/dev/null
cmake --build "$build" -j "$(nproc)" >"$build/coverage.log" 2>&1 || { tail -n 30 "$build/coverage.log" >&2; exit 1; }
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" --no-tests=error -R '^test_(core|plan|agent|proto|codec)_' -j "$(nproc)" >"$build/coverage-tests.log" 2>&1 ||
  { tail -n 40 "$build/coverage-tests.log" >&2; exit 1; }
# Of the libraries' own objects: the tests include the tables (*.def) as well, and their branches are not the codec's.
report=$build/coverage.csv
objects=$build/CMakeFiles
gcovr -r . --csv -o "$report" --exclude '.*\.h$' \
  "$objects"/gc_{core,plan,agent,proto,codec}.dir 2>"$build/gcovr.log" || { tail -n 20 "$build/gcovr.log" >&2; exit 1; }
awk -F, -v verbose="${1:-}" '
NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
  file = $column["filename"]; part = file; sub(/\/[^\/]*$/, "", part)
  if (file ~ /proto\/(codec|guard)\.c$/ || file ~ /\.def$/) part = "proto (codec)" # functions that a table makes are the codec
  total[part] += $column["branch_total"]; covered[part] += $column["branch_covered"]
  lines[part] += $column["line_total"]; hit[part] += $column["line_covered"]
  if ($column["branch_total"] > 0 && (verbose == "-v" || $column["branch_covered"] < 0.95 * $column["branch_total"]))
    printf "  %5.1f %% of %4d branches  %s\n", 100 * $column["branch_covered"] / $column["branch_total"], $column["branch_total"], file
}
END {
  n = split("coordinator/core,coordinator/plan,worker/agent,proto,proto (codec)", parts, ",")
  for (i = 1; i <= n; i++) {
    part = parts[i]
    if (total[part] == 0 || lines[part] == 0) {
      printf "%-24s was not measured\n", part
      bad = 1
      continue
    }
    printf "%-24s %5.1f %% of %d branches, %5.1f %% of %d lines\n", part, 100 * covered[part] / total[part], total[part],
           100 * hit[part] / lines[part], lines[part]
    if (covered[part] < 0.95 * total[part]) bad = 1
  }
  exit bad
}' "$report"
