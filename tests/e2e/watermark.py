"""A watermark, which is loaded once for the run and seen by each item: pixels as by hand; and a logo that is broken fails who reads it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check, vips  # noqa: E402

ITEMS = 12
JOB = """
name: watermark
dag:
  nodes:
    - {id: photos, op: files, config: {path: photos, pattern: "*.jpg"}}
    - {id: image, op: load, inputs: [photos]}
    - {id: small, op: thumbnail_image, inputs: [image], config: {width: 96}}
    - {id: tiny, op: thumbnail_image, inputs: [image], config: {width: 24}}
    - {id: logo, op: load, config: {path: logo.png}}
    - {id: mark, op: thumbnail_image, inputs: [logo], config: {width: 20}}
    - {id: both, op: composite2, inputs: {base: small, overlay: mark}, config: {mode: over, x: 5, y: 5}}
    - {id: saved, op: save, inputs: [both], config: {to: "out/{stem}.png", exists: overwrite}}
    - {id: stamp, op: save, inputs: [tiny], config: {to: "out/{stem}_tiny.png", exists: overwrite}}
"""

place = harness.Place("watermark")
harness.need("vips")
os.mkdir(place.path("photos"))
for i in range(ITEMS):
    vips("gaussnoise", place.path("noise.v"), 200 + 10 * i, 150, "--mean", 128, "--sigma", 30)
    vips("cast", place.path("noise.v"), place.path("photos", f"{i:02}.jpg"), "uchar")
vips("black", place.path("black.v"), 60, 40, "--bands", 3)
vips("linear", place.path("black.v"), place.path("logo.png"), "1 1 1", "200 30 30", "--uchar")
place.write("job.yaml", JOB)


def pixels(path):
    vips("rawsave", path, place.path("raw.bin"))
    with open(place.path("raw.bin"), "rb") as f:
        return f.read()


def counts(report, node):
    n = report["nodes"][node]
    return n["total"], n["done"], n["failed"], n["skipped"]


report = place.json("run", "job.yaml", "-j", 2)
check(report["state"] == "completed", report)
check(counts(report, "mark") == (1, 1, 0, 0), report["nodes"])
check(counts(report, "saved") == (ITEMS, ITEMS, 0, 0), report["nodes"])
mark, small, hand = place.path("mark.v"), place.path("small.v"), place.path("hand.v")
vips("thumbnail", place.path("logo.png"), mark, 20)
for i in range(ITEMS):
    vips("thumbnail", place.path("photos", f"{i:02}.jpg"), small, 96)
    vips("composite2", small, mark, hand, "over", "--x", 5, "--y", 5)
    vips("pngsave", hand, place.path("hand.png"))
    check(pixels(place.path("hand.png")) == pixels(place.path("out", f"{i:02}.png")), f"item {i} differs")

# Half a logo: it and whoever reads it fail, by its name; what does not read it is done.
with open(place.path("logo.png"), "rb") as f:
    whole = f.read()
vips("gaussnoise", place.path("noise.v"), 300, 300)
vips("cast", place.path("noise.v"), place.path("logo.png"), "uchar")
os.truncate(place.path("logo.png"), os.path.getsize(place.path("logo.png")) // 2)
report = place.json("run", "job.yaml", "-j", 2, code=None)
check(report["state"] == "failed", report)
check(counts(report, "logo") == (1, 0, 1, 0), report["nodes"])
check(counts(report, "both") == (ITEMS, 0, ITEMS, 0), report["nodes"])
check(counts(report, "saved") == (ITEMS, 0, 0, ITEMS), report["nodes"])
check(counts(report, "stamp") == (ITEMS, ITEMS, 0, 0), report["nodes"])
rows = place.gcctl("failures", report["run"], "--format", "jsonl").out
check(rows.count("of 'logo': ") == ITEMS and rows.count('"damaged"') == ITEMS + 1, rows)

# Mended, and run by the same workers: nothing of the failure is remembered.
with open(place.path("logo.png"), "wb") as f:
    f.write(whole)
report = place.json("run", "job.yaml", "-j", 2)
check(report["state"] == "completed", report)
print(f"{ITEMS} pictures with a watermark, with the pixels of the vips commands; a broken logo fails what reads it")
