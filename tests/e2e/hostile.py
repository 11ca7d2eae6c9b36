"""Broken, odd and hostile image files through whole jobs: each gets an outcome that fits what libvips alone made of it.

One job with the decoders that `load` has by default, and one with all that it can be asked for: those are the ones that crash.

The folder is $GRAPHCAP_TEST_DATA/hostile: files, and a MANIFEST.tsv with a row for each. Of its columns are used `file`, `width`,
`height`, `format` (the loader, or `fails: why`), `decode`, what a full decode by a bare libvips did: ok, ok+warn (it warned and went
on), fail, signalN, timeout, or - where the header was refused, and `thumb`, the same of a thumbnail. The photographs beside it, if
there are, must all be done.
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

SANITIZED = bool(os.environ.get("GC_SANITIZE"))
EXECUTORS = 2
TIMEOUT = 10
MAX_PIXELS = 100_000_000
DEFAULT_LOADERS = ("jpegload", "pngload", "webpload", "gifload", "tiffload", "heifload")
ASKED = ("jp2k", "jxl", "ppm", "rad", "pdf", "svg")
ALL_LOADERS = DEFAULT_LOADERS + tuple(f"{name}load" for name in ASKED)
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


def expected(row, loaders):
    """The outcomes that fit: causes, or `done`."""
    if row["decode"] == "-":
        return REFUSED
    if loader(row) not in loaders:
        return {"unsupported"}
    if number(row["width"]) * number(row["height"]) > MAX_PIXELS:
        return {"too-large"}
    if row["decode"] == "timeout":
        return {"timeout"}
    if row["decode"].startswith("signal"):
        # What asks the decoder for less of the file may pass by the place where a full decode dies, and a sanitizer's allocator has
        # room between its blocks for what runs over the end of one.
        return {"crash", "oom", "done"} if row["thumb"] == "ok" or SANITIZED else {"crash", "oom"}
    return {"fail": {"bad-input", "damaged"}, "ok": {"done"}, "ok+warn": {"done", "damaged"}}[row["decode"]]


def begins(row, magic):
    with open(os.path.join(folder, row["file"]), "rb") as file:
        return file.read(len(magic)) == magic


# Where it is right to differ from the bare libvips: outcome, of which files, and why.
DIFFERENCES = [
    ("unsupported", lambda row: loader(row) == "jpegload" and not begins(row, b"\xff\xd8\xff"),
     "no JPEG: its first marker must follow, ff d8 ff; libvips looks at two bytes"),
    ("unsupported", lambda row: loader(row) == "ppmload" and row["decode"] == "fail",
     "no PPM: no blank stands behind its magic number; libvips finds fault with it later"),
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

def job(loaders):
    return f"""name: hostile
policy: {{timeout: {TIMEOUT}s}}
dag:
  nodes:
    - {{id: files, op: list, config: {{path: items.txt}}}}
    - {{id: image, op: load, inputs: [files], config: {{loaders: [{", ".join(loaders)}]}}}}
    - {{id: small, op: thumbnail_image, inputs: [image], config: {{width: 256}}}}
    - {{id: saved, op: save, inputs: [small], config: {{to: "out{len(loaders)}/{{index}}.jpg"}}}}
    - {{id: tone,  op: describe, inputs: [small]}}
"""


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


def outcomes_of(run):
    """Of each item: the cause of the first failure told, or `done` where no node failed; and what was said."""
    shown = place.json("show", run)
    check(shown["state"] == "partial", shown)
    for node, n in shown["nodes"].items():
        check(n["done"] + n["failed"] + n["skipped"] == n["total"] == len(names), (node, n))
    outcomes, texts = {}, {}
    for line in place.gcctl("failures", run, "--format", "jsonl").out.splitlines():
        row = json.loads(line)
        outcomes.setdefault(row["item"], row["cause"])
        texts.setdefault(row["item"], f"{row['node']}: {row['message']}")
    for line in place.gcctl("results", run, "--node", "tone").out.splitlines():
        outcomes.setdefault(json.loads(line)["item"], "done")
    check(sorted(outcomes) == list(range(len(names))), f"{len(outcomes)} outcomes of {len(names)} files")
    return outcomes, texts


def judge(outcomes, texts, loaders):
    """Prints what became of what; returns the lines of those that are wrong."""
    wrong, reasons, table = [], collections.Counter(), collections.Counter()
    for item, row in enumerate(rows):
        got = outcomes[item]
        table[row["decode"], got] += 1
        if got in expected(row, loaders):
            continue
        why = explained(row, got)
        if why:
            reasons[why] += 1
        else:
            wrong.append(f"{row['file']}: {got} ({texts.get(item, '')}), not {' or '.join(sorted(expected(row, loaders)))}: libvips said "
                         f"{row['decode']}, {row['format']}, {row['width']} x {row['height']}: {row['message'][:90]}")
    for item in range(len(rows), len(names)):
        if outcomes[item] != "done":
            wrong.append(f"{names[item]}: {outcomes[item]} ({texts.get(item, '')}), not done: it is a sound photograph")
    print("libvips alone  here         files")
    for (alone, here), count in sorted(table.items()):
        print(f"{alone:<14} {here:<12} {count}")
    for why, count in reasons.items():
        print(f"right to differ: {count} x {why}")
    return wrong


watcher = threading.Thread(target=watch)
watcher.start()
wrong = []
try:
    for asked, loaders in (((), DEFAULT_LOADERS), (ASKED, ALL_LOADERS)):
        place.write("job.yaml", job(asked))
        began = time.monotonic()
        run = place.gcctl("submit", "job.yaml").out.strip()
        place.gcctl("wait", run, code=5, timeout=280)
        took = time.monotonic() - began
        print(f"{'also ' + ' '.join(asked) if asked else 'default loaders'}: {len(rows)} hostile files and {len(pictures)} photographs "
              f"in {took:.1f} s, {1000 * took * EXECUTORS / len(names):.0f} ms of an executor each")
        wrong += judge(*outcomes_of(run), loaders)
finally:
    ended.set()
    watcher.join()
print("process        MiB resident at most")
for name, peak in sorted(peaks.items()):
    print(f"{name:<14} {peak >> 20}")
check(worker.poll() is None, f"the worker ended\n{place.logs()}")
with open(worker.log) as f:
    log = f.read()
check(log.count("event=joined") == 1 and "event=zygote_lost" not in log, f"the worker or its zygote was started again\n{place.logs()}")
check(not wrong, f"{len(wrong)} files with an outcome that does not fit:\n" + "\n".join(wrong))
