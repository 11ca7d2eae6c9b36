"""Photographs through the main job, embedded, with one command: all come out, with the pixels of the same vips commands by hand."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check, vips  # noqa: E402

place = harness.Place("photos")
harness.need("vips")
source = harness.DATA and os.path.join(harness.DATA, "photos")
if source and os.path.isdir(source):
    os.symlink(source, place.path("photos"))
else:
    print("GRAPHCAP_TEST_DATA is not set: 24 made pictures take the photographs' place")
    harness.make_photos(place.path("photos"), 24)

EXT = (".jpg", ".jpeg", ".png", ".webp", ".tif")
names = sorted(os.path.relpath(os.path.join(root, name), place.path("photos"))
               for root, _, files in os.walk(place.path("photos") + "/") for name in files
               if name.lower().endswith(EXT) and not name.startswith("."))
check(names, "no pictures")
place.write("job.yaml", harness.PHOTOS)

report = place.json("run", "job.yaml", "-j", 2)
check(report["state"] == "completed", report)
check(report["items"] == len(names), f"{report['items']} items, {len(names)} pictures")
for node in ("image", "small", "crisp", "saved", "tone"):
    n = report["nodes"][node]
    check((n["total"], n["done"], n["failed"], n["skipped"]) == (len(names), len(names), 0, 0), (node, n))
check(report["results"]["many"] == len(names), report["results"])
run = report["run"]
made = place.gcctl("wait", run).err.split("made:")[-1]
check(f"saved: {len(names)} files, the first:" in made, f"files are shown by an example: {made}")
check("image" not in made and "tone" not in made, f"and other values of items are not: {made}")

rows = [json.loads(line) for line in place.gcctl("results", run, "--node", "saved").out.splitlines()]
check([row["item"] for row in rows] == list(range(len(names))), "items in order")
check(len({row["source"] for row in rows}) == len(names), "each source once")
for row in rows:
    check(os.path.getsize(place.path(row["value"]["path"])) == row["value"]["bytes"], row)

left = [f for _, _, files in os.walk(place.path("out")) for f in files if not f.endswith(".webp")]
check(not left, f"left in the output folder: {left[:5]}")


def raw(path):
    out = place.path("raw.bin")
    vips("rawsave", path, out)
    with open(out, "rb") as f:
        return f.read()


different = []
for name in names:
    small, crisp, hand = place.path("small.v"), place.path("crisp.v"), place.path("hand.webp")
    vips("thumbnail", place.path("photos", name), small, 512, "--size", "down")
    vips("sharpen", small, crisp, "--sigma", "0.6")
    vips("webpsave", crisp, hand, "--Q", 80)
    if raw(hand) != raw(place.path("out", os.path.dirname(name), os.path.basename(name) + ".webp")):
        different.append(name)
check(not different, f"{len(different)} of {len(names)} differ from the vips commands by hand: {different[:8]}")
print(f"{len(names)} pictures: all done, all with the pixels of vips thumbnail, sharpen, webpsave")
