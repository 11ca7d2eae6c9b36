"""Broken, odd and hostile image files through a whole job: each gets an outcome that fits what libvips alone made of it.

The folder is $GRAPHCAP_TEST_DATA/hostile: files, and a MANIFEST.tsv with a row for each. Of its columns are used `file`, `width`,
`height`, `format` (the loader, or `fails: why`) and `decode`, what a full decode by a bare libvips did: ok, ok+warn (it warned and
went on), fail, signalN, timeout, or - where the header was refused. The photographs beside it, if there are, must all be done.
"""
import collections
import csv
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

EXECUTORS = 2
TIMEOUT = 10
MAX_PIXELS = 100_000_000
DEFAULT_LOADERS = ("jpegload", "pngload", "webpload", "gifload", "tiffload", "heifload")
REFUSED = {"bad-input", "damaged", "unsupported", "too-large"}

folder = harness.DATA and os.path.join(harness.DATA, "hostile")
if not folder or not os.path.isfile(os.path.join(folder, "MANIFEST.tsv")):
    harness.skip("GRAPHCAP_TEST_DATA names no folder with hostile/MANIFEST.tsv")
with open(os.path.join(folder, "MANIFEST.tsv"), newline="") as f:
    rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
check(rows, "an empty manifest")
photos = os.path.join(harness.DATA, "photos")
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".gif", ".heic", ".avif")
pictures = sorted(n for n in os.listdir(photos) if n.lower().endswith(PICTURES)) if os.path.isdir(photos) else []


def loader(row):
    return row["format"].split(" ")[0]


def number(text):
    return int(text) if text.isdigit() else 0


def expected(row):
    """The outcomes that fit: causes, or `done`."""
    if row["decode"] == "-":
        return REFUSED
    if loader(row) not in DEFAULT_LOADERS:
        return {"unsupported"}
    if number(row["width"]) * number(row["height"]) > MAX_PIXELS:
        return {"too-large"}
    if row["decode"] == "timeout":
        return {"timeout"}
    if row["decode"].startswith("signal"):
        return {"crash", "oom"}
    return {"fail": {"bad-input", "damaged"}, "ok": {"done"}, "ok+warn": {"done", "damaged"}}[row["decode"]]


def begins(row, magic):
    with open(os.path.join(folder, row["file"]), "rb") as file:
        return file.read(len(magic)) == magic


# Where it is right to differ from the bare libvips: outcome, of which files, and why.
DIFFERENCES = [
    ("unsupported", lambda row: loader(row) == "jpegload" and not begins(row, b"\xff\xd8\xff"),
     "no JPEG: its first marker must follow, ff d8 ff; libvips looks at two bytes"),
]


def explained(row, outcome):
    return next((why for got, of, why in DIFFERENCES if got == outcome and of(row)), None)


# ---- the run ----

place = harness.Place("hostile")
os.symlink(folder, place.path("hostile"))
names = [f"hostile/{row['file']}" for row in rows]
if pictures:
    os.symlink(photos, place.path("photos"))
    names += [f"photos/{name}" for name in pictures]
place.write("items.txt", "".join(name + "\n" for name in names))
place.write("job.yaml", f"""name: hostile
policy: {{timeout: {TIMEOUT}s}}
dag:
  nodes:
    - {{id: files, op: list, config: {{path: items.txt}}}}
    - {{id: image, op: load, inputs: [files]}}
    - {{id: small, op: thumbnail_image, inputs: [image], config: {{width: 256}}}}
    - {{id: saved, op: save, inputs: [small], config: {{to: "out/{{index}}.jpg"}}}}
    - {{id: tone,  op: describe, inputs: [small]}}
""")
endpoint = f"ipc://{place.path('gc.sock')}"
place.env["GRAPHCAP_ENDPOINT"] = endpoint
os.mkdir(place.state)
os.mkdir(place.path("worker"))
coordinator = place.start("gc-coordinator", "--listen", endpoint, "--state", place.state, log="coordinator.log")
harness.wait_for("the coordinator's socket", lambda: os.path.exists(place.path("gc.sock")))
worker = place.start("gc-worker", "--connect", endpoint, "--state", place.path("worker"), "--executors", EXECUTORS, "--root", "/",
                     log="worker.log")

peaks = collections.defaultdict(int)
ended = threading.Event()


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()
    except OSError:
        return None


def watch():
    while not ended.wait(0.02):
        for pid in [coordinator.pid, worker.pid] + harness.descendants(worker.pid):
            name = name_of(pid)
            if name:
                peaks[name] = max(peaks[name], harness.vm_hwm(pid))


watcher = threading.Thread(target=watch)
watcher.start()
try:
    began = time.monotonic()
    run = place.gcctl("submit", "job.yaml").out.strip()
    place.gcctl("wait", run, code=None, timeout=570)
    took = time.monotonic() - began
finally:
    ended.set()
    watcher.join()

# ---- the account ----

shown = place.json("show", run)
check(shown["state"] == "partial", shown)
for node, n in shown["nodes"].items():
    check(n["done"] + n["failed"] + n["skipped"] == n["total"] == len(names), (node, n))
check(worker.poll() is None, f"the worker ended\n{place.logs()}")
with open(worker.log) as f:
    log = f.read()
check(log.count("event=joined") == 1 and "event=zygote_lost" not in log, f"the worker or its zygote was started again\n{place.logs()}")

outcomes = {}
texts = {}
for line in place.gcctl("failures", run, "--format", "jsonl").out.splitlines():
    row = json.loads(line)
    outcomes.setdefault(row["item"], row["cause"])
    texts.setdefault(row["item"], f"{row['node']}: {row['message']}")
for line in place.gcctl("results", run, "--node", "tone").out.splitlines():
    item = json.loads(line)["item"]
    # A file of which one node failed is not done, though another was.
    outcomes.setdefault(item, "done")
check(sorted(outcomes) == list(range(len(names))), f"{len(outcomes)} outcomes of {len(names)} files")

wrong, reasons = [], collections.Counter()
table = collections.Counter()
for item, row in enumerate(rows):
    got = outcomes[item]
    table[row["decode"], got] += 1
    if got in expected(row):
        continue
    why = explained(row, got)
    if why:
        reasons[why] += 1
    else:
        wrong.append(f"{row['file']}: {got} ({texts.get(item, '')}), not {' or '.join(sorted(expected(row)))}: libvips said "
                     f"{row['decode']}, {row['format']}, {row['width']} x {row['height']}: {row['message'][:90]}")
for item in range(len(rows), len(names)):
    if outcomes[item] != "done":
        wrong.append(f"{names[item]}: {outcomes[item]} ({texts.get(item, '')}), not done: it is a sound photograph")

print(f"{len(rows)} hostile files and {len(pictures)} photographs in {took:.1f} s, "
      f"{1000 * took * EXECUTORS / len(names):.0f} ms of an executor each")
print("libvips alone  here         files")
for (alone, here), count in sorted(table.items()):
    print(f"{alone:<14} {here:<12} {count}")
for why, count in reasons.items():
    print(f"right to differ: {count} x {why}")
print("process        MiB resident at most")
for name, peak in sorted(peaks.items()):
    print(f"{name:<14} {peak >> 20}")
check(not wrong, f"{len(wrong)} files with an outcome that does not fit:\n" + "\n".join(wrong))
