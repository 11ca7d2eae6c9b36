"""Reducers that read all results: what they write is what Python makes of the results themselves, whatever failed on the way.

Lines of a manifest, with copies and names that are no UTF-8, of which some items fail: collect has the lines that `results` prints,
group_near the groups of equal lines. Pictures: a contact sheet of those that were done, and the same bytes when it is made again.
"""
import base64
import collections
import hashlib
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

ITEMS = int(os.environ.get("GC_SCANS_ITEMS") or 20000)
FAILS = 97  # of the lines every so-manieth

place = harness.Place("scans")
rng = random.Random(1)


def read(*parts):
    with open(place.path(*parts), "rb") as f:
        return f.read()


def digest(data):
    return hashlib.blake2b(data, digest_size=32).hexdigest()


# ---- lines ----

lines = []
for i in range(ITEMS):
    if i and rng.random() < 0.02:
        lines.append(rng.choice(lines))
    else:
        lines.append(f"folder {i % 7}/é{i}.jpg".encode() + (b"\xff" if i % 50 == 0 else b""))
with open(place.path("lines.txt"), "wb") as f:
    f.write(b"".join(line + b"\n" for line in lines))
place.write("lines.yaml", f"""name: lines
dag:
  nodes:
    - {{id: lines, op: list, config: {{path: lines.txt}}}}
    - {{id: bad,   op: fail, inputs: [lines], config: {{items: {FAILS}}}}}
    - {{id: print, op: echo, inputs: [bad]}}
    - {{id: all,   op: collect, inputs: [print], config: {{to: out/all.jsonl}}}}
    - {{id: twins, op: group_near, inputs: [print], config: {{distance: 0, to: "out/twins-{{digest}}.jsonl"}}}}
""")
report = place.json("run", "lines.yaml", "-j", 2, code=5)
check(report["state"] == "partial", report["state"])
done = [i for i in range(ITEMS) if i % FAILS]
check(report["nodes"]["print"]["done"] == len(done), report["nodes"])

collected = read("out", "all.jsonl")
value = report["results"]["all"]
check(value == {"path": "out/all.jsonl", "bytes": len(collected), "digest": digest(collected), "items": len(done)}, value)
shown = place.gcctl("results", report["run"], "--node", "print").out.splitlines()
for mine, theirs in zip(collected.decode().splitlines(), shown, strict=True):
    middle = theirs[theirs.index('"item"'):theirs.rindex(', "cursor"')]
    check(mine == "{" + middle + "}", (mine, theirs))


def source(row):
    return base64.b64decode(row["source_base64"]) if "source_base64" in row else row["source"].encode()


rows = [json.loads(line) for line in collected.decode().splitlines()]
check([row["item"] for row in rows] == done, "items in order")
check([source(row) for row in rows] == [lines[i] for i in done], "what they are called")

by_line = collections.defaultdict(list)
for i in done:
    by_line[lines[i]].append(i)
groups = sorted((items for items in by_line.values() if len(items) > 1), key=lambda items: (-len(items), items[0]))
check(len(groups) > ITEMS // 100, len(groups))
value = report["results"]["twins"]
written = read(value["path"])
check(value["path"] == f"out/twins-{digest(written)}.jsonl" and value["digest"] == digest(written), value["path"])
told = [json.loads(line) for line in written.decode().splitlines()]
check([group["items"] for group in told] == groups, "groups")
for group in told:
    raw = group.get("sources_base64") or [None] * group["size"]
    called = [base64.b64decode(b) if b else s.encode() for s, b in zip(group["sources"], raw, strict=True)]
    check(called == [lines[i] for i in group["items"]], group)
check((value["items"], value["groups"], value["grouped"]) == (len(done), len(groups), sum(map(len, groups))), value)
check([group["items"] for group in value["largest"]] == [items[:16] for items in groups[:len(value["largest"])]], "largest")
check(value["left_out"] == len(groups) - len(value["largest"]), value["left_out"])

# ---- pictures ----

harness.need("vips")
PICTURES, SHOWN, COLUMNS, SIZE, GAP = 40, 20, 6, 48, 3
harness.make_photos(place.path("photos"), PICTURES, 120, 90)
names = sorted(os.listdir(place.path("photos")))
with open(place.path("photos", names[3]), "wb") as f:
    f.write(b"no picture")
place.write("sheet.yaml", f"""name: sheet
dag:
  nodes:
    - {{id: photos, op: files, config: {{path: photos}}}}
    - {{id: image,  op: load, inputs: [photos]}}
    - {{id: sheet,  op: contact_sheet, inputs: [image], config: {{to: out/sheet.png, limit: {SHOWN}, columns: {COLUMNS}, size: {SIZE}, gap: {GAP}}}}}
""")
before = None
for _ in range(2):
    report = place.json("run", "sheet.yaml", "-j", 2, code=5)
    value = report["results"]["sheet"]
    sheet = read("out", "sheet.png")
    rows = -(-SHOWN // COLUMNS)
    check(value == {"path": "out/sheet.png", "bytes": len(sheet), "digest": digest(sheet), "width": GAP + COLUMNS * (SIZE + GAP),
                    "height": GAP + rows * (SIZE + GAP), "items": SHOWN, "of": len(names) - 1}, value)
    check(before in (None, sheet), "another sheet of the same pictures")
    before = sheet
left = set(os.listdir(place.path("out"))) - {"all.jsonl", "sheet.png", os.path.basename(report["results"]["sheet"]["path"])}
check(len(left) == 1 and left.pop().startswith("twins-"), f"left in the output folder: {left}")
