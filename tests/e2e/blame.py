"""Who is to blame: a run of which some items crash an executor, hang it, or eat its memory; exactly those are given up.

Three `fail` nodes in one job, each with the items that it fails, scattered by a seed. Crashes and hangs share a stage, one behind
the other. Memory has a source, and so a stage and a timeout, of its own: to take all of it lasts longer than the second after which
a hanging item is ended. Hanging ones cost that second twice: 10,000 items are for a run by hand.

    GC_BLAME_ITEMS   how many (500); 1 % of them each crash, hang and eat memory
    GC_BLAME_SEED    which ones
"""
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

SANITIZED = bool(os.environ.get("GC_SANITIZE"))
ITEMS = int(os.environ.get("GC_BLAME_ITEMS") or 500)
SEED = int(os.environ.get("GC_BLAME_SEED") or 1)
EXECUTORS = 2
# node, its input, how its items fail, the cause that this must have.
KINDS = [("crashes", "lines", "crash", "crash"), ("hangs", "crashes", "hang", "timeout"), ("eats", "again", "memory", "oom")]
if SANITIZED:
    KINDS.pop()  # its executors have no limit on memory: this would take all that there is

place = harness.Place("blame")
rng = random.Random(SEED)
bad = rng.sample(range(ITEMS), len(KINDS) * max(1, ITEMS // 100))
chosen = {kind[0]: sorted(bad[i::len(KINDS)]) for i, kind in enumerate(KINDS)}
causes = {(node, item): cause for node, _, _, cause in KINDS for item in chosen[node]}
place.write("items.txt", "".join(f"{i:05d}.jpg\n" for i in range(ITEMS)))


def job():
    """`last` and `fed` hang on what fails, `said` on nothing of it."""
    fails = "".join(f"    - {{id: {node}, op: fail, inputs: [{above}], config: {{how: {how}, items: {json.dumps(chosen[node])}}}"
                    + (", policy: {timeout: 60s}}\n" if node == "eats" else "}\n") for node, above, how, _ in KINDS)
    return f"""name: blame
policy: {{timeout: 1s}}
dag:
  nodes:
    - {{id: lines, op: list, config: {{path: items.txt}}}}
    - {{id: again, op: list, config: {{path: items.txt}}}}
{fails}
    - {{id: last, op: echo, inputs: [hangs]}}
    - {{id: fed,  op: echo, inputs: [{KINDS[-1][0]}]}}
    - {{id: said, op: echo, inputs: [lines]}}
    - {{id: same, op: echo, inputs: [again]}}
    - {{id: many, op: count, inputs: [last]}}
"""


def identity(proc):
    """What changes when a process is another one under the same number."""
    with open(f"/proc/{proc.pid}/stat", "rb") as f:
        return proc.pid, f.read().rsplit(b")", 1)[1].split()[19]


place.write("job.yaml", job())
endpoint = f"ipc://{place.path('gc.sock')}"
place.env["GRAPHCAP_ENDPOINT"] = endpoint
os.mkdir(place.state)
os.mkdir(place.path("worker"))
coordinator = place.start("gc-coordinator", "--listen", endpoint, "--state", place.state, log="coordinator.log")
harness.wait_for("the coordinator's socket", lambda: os.path.exists(place.path("gc.sock")))
worker = place.start("gc-worker", "--connect", endpoint, "--state", place.path("worker"), "--executors", EXECUTORS, "--root", "/",
                     log="worker.log")
before = identity(worker)

began = time.monotonic()
run = place.gcctl("submit", "job.yaml").out.strip()
place.gcctl("wait", run, code=5, timeout=3600)
took = time.monotonic() - began
shown = place.json("show", run)

# ---- the account ----

check(shown["state"] == "partial", shown)
above = {"lines": 0, "again": 0}
for node, source, _, _ in KINDS:
    here = len(chosen[node])
    n = shown["nodes"][node]
    check((n["total"], n["done"], n["failed"], n["skipped"]) == (ITEMS, ITEMS - above[source] - here, here, above[source]), (node, n))
    above[node] = above[source] + here
for node, lost in (("last", above["hangs"]), ("fed", above[KINDS[-1][0]]), ("said", 0), ("same", 0)):
    n = shown["nodes"][node]
    check((n["total"], n["done"], n["failed"], n["skipped"]) == (ITEMS, ITEMS - lost, 0, lost), (node, n))
check(shown["results"]["many"] == ITEMS - above["hangs"], shown["results"])

# ---- exactly these, with these causes, at these nodes ----

found = {}
for line in place.gcctl("failures", run, "--format", "jsonl").out.splitlines():
    row = json.loads(line)
    check((row["node"], row["item"]) not in found, f"told twice: {row}")
    found[row["node"], row["item"]] = row
check(set(found) == set(causes), f"blamed, but sound: {sorted(set(found) - set(causes))[:9]}; "
      f"to blame, but not found: {sorted(set(causes) - set(found))[:9]}")
for (node, item), cause in causes.items():
    row = found[node, item]
    check((row["cause"], row["attempts"], row["source"]) == (cause, 2, f"{item:05d}.jpg"), row)
    check(row["message"], f"no text: {row}")

# ---- nobody else came to harm ----

check(worker.poll() is None and identity(worker) == before, f"the worker was started again\n{place.logs()}")
with open(worker.log) as f:
    log = f.read()
check(log.count("event=joined") == 1, f"the worker joined more than once\n{place.logs()}")
check("event=zygote_lost" not in log, "the zygote was lost")
print(f"{2 * ITEMS} items, {', '.join(f'{len(chosen[node])} {how}' for node, _, how, _ in KINDS)}: each given up by its own cause after two "
      f"attempts, and no other; {took:.1f} s with {EXECUTORS} executors (of it timeouts: {2 * len(chosen['hangs']) / EXECUTORS:.0f} s)")
if SANITIZED:
    print("memory is not eaten here: a sanitizer's executors have no limit on it")
