"""A small run beside a large one: it is served while the large one goes on, and both end whole. (How fast: tests/bench.)"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

LARGE = int(os.environ.get("GC_LARGE_ITEMS", "300000"))
place = harness.Place("fair")
place.write("large.yaml", harness.ECHO)
place.write("small.yaml", """name: small
dag:
  nodes:
    - {id: lines, op: list, config: {path: ten.txt}}
    - {id: said,  op: sleep, inputs: [lines], config: {seconds: 0.01}}
""")
with open(place.path("items.txt"), "w") as f:
    f.writelines(f"item {i}\n" for i in range(LARGE))
with open(place.path("ten.txt"), "w") as f:
    f.writelines(f"ten {i}\n" for i in range(10))

# Slow enough that it cannot end first by luck: each item of the large run takes a millisecond.
place.write("large.yaml", """name: large
dag:
  nodes:
    - {id: lines, op: list, config: {path: items.txt}}
    - {id: said,  op: sleep, inputs: [lines], config: {seconds: 0.001}}
""")
large = place.gcctl("submit", "large.yaml").out.strip()
harness.wait_for("the large run to have results", lambda: place.json("show", large)["nodes"]["said"]["done"] > 0)
small = place.json("run", "small.yaml")
check(small["state"] == "completed" and small["nodes"]["said"]["done"] == 10, small)
beside = place.json("show", large)
check(beside["state"] == "running", beside)
place.gcctl("cancel", large)
ended = place.json("show", large)
check(ended["state"] == "cancelled", ended)
n = ended["nodes"]["said"]
check(n["done"] + n["failed"] + n["skipped"] == n["total"], n)
print(f"ten items came through beside {LARGE}, of which {n['done']} were done by then")
