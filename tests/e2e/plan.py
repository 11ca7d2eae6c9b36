"""gcctl plan: what it prints of some jobs is what stands in tests/golden/plan, and the program in it makes, of each picture, the
pixels that the run makes."""
import difflib
import glob
import json
import os
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check, vips  # noqa: E402

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "plan")
place = harness.Place("plan")
harness.need("vips")


def turned(path):
    """Says in a JPEG that it is to be turned by a quarter."""
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHLHH", 0x112, 3, 1, 6, 0) + b"\0\0\0\0"
    with open(path, "rb") as f:
        data = f.read()
    with open(path, "wb") as f:
        f.write(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])


def make_pictures():
    """A JPEG of a size that decoders shrink, one that lies on its side, a PNG; and a mark that is partly clear."""
    os.makedirs(place.path("photos"))
    base, grey = place.path("base.v"), place.path("grey.v")
    vips("perlin", grey, 1800, 1300, "--uchar", "--seed", 7)
    vips("bandjoin", f"{grey} {grey} {grey}", base)
    vips("copy", base, place.path("photos", "a.jpg[strip]"))
    vips("extract_area", base, place.path("photos", "b.jpg[strip]"), 100, 50, 1400, 900)
    vips("extract_area", base, place.path("photos", "c.png"), 200, 100, 640, 480)
    turned(place.path("photos", "b.jpg"))
    vips("extract_area", grey, place.path("alpha.v"), 300, 100, 200, 120)
    vips("extract_area", base, place.path("colour.v"), 900, 700, 200, 120)
    vips("bandjoin", f"{place.path('colour.v')} {place.path('alpha.v')}", place.path("the logo.png"))


def same_text(name, printed):
    with open(os.path.join(GOLDEN, name + ".txt")) as f:
        golden = f.read()
    diff = difflib.unified_diff(golden.splitlines(), printed.splitlines(), name + ".txt", "printed", lineterm="")
    check(golden == printed, "\n".join(diff))


def raw(path):
    out = place.path("raw.bin")
    vips("rawsave", path, out)
    with open(out, "rb") as f:
        return f.read()


def by_hand(program, item, out):
    """Runs the program for an item; the files it makes lie in `out`, named by their nodes."""
    os.makedirs(out)
    done = subprocess.run(["sh", "-s"], input=program.encode(), cwd=place.dir, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=dict(place.env, IN=item, OUT=out))
    check(done.returncode == 0, f"{program}\n{done.stderr.decode(errors='replace')}")


def made_by(run, node):
    """source (None: of the run) -> file"""
    rows = [json.loads(line) for line in place.gcctl("results", run, "--node", node).out.splitlines()]
    return {row["source"]: place.path(row["value"]["path"]) for row in rows}


def publishers(plan):
    steps = [step for stage in plan["stages"] for step in stage["steps"] if not step["hoisted"]]
    return [step["node"] for step in steps if step["op"] == "save"]


def check_json(plan):
    """A line a step: each command stands in the program, once."""
    lines = plan["program"].splitlines()
    for stage in plan["stages"]:
        for step in stage["steps"]:
            taken = any(step["node"] == other["takes_over"] for other in stage["steps"])
            if step["command"] and not step["hoisted"] and not taken:
                check(lines.count(step["command"]) == 1, (step, plan["program"]))
            check(step["command"] or step["no_command"], step)


def try_job(name):
    job = name + ".yaml"
    place.write(job, open(os.path.join(GOLDEN, job)).read())
    printed = place.gcctl("plan", job).out
    same_text(name, printed)
    plan = place.json("plan", job)
    check_json(plan)
    check(printed.endswith("\n" + plan["program"]), "what is printed ends in the program")

    shutil.rmtree(place.path("out"), ignore_errors=True)
    report = place.json("run", job)
    check(report["state"] == "completed", report)
    compared = 0
    files = {node: made_by(report["run"], node) for node in publishers(plan)}
    check(files, "a job that writes nothing shows nothing")
    for item in sorted({source for made in files.values() for source in made if source}):
        out = place.path("hand", name, os.path.basename(item))
        by_hand(printed, place.path(item), out)  # the comments in it too
        for node, made in files.items():
            file = made.get(item) or made.get(None)
            if not file:
                continue  # a filter has left it out
            hand = os.path.join(out, node + os.path.splitext(file)[1])
            check(raw(hand) == raw(file), f"{name}: {node} of {item}: other pixels than\n{printed}")
            compared += 1
    check(json.loads(place.gcctl("plan", report["run"], "--json").out)["program"] == plan["program"],
          "the run was planned as was said")
    check(all(made for made in files.values()), "a node that writes for no picture")
    return compared


make_pictures()
names = sorted(os.path.splitext(os.path.basename(path))[0] for path in glob.glob(os.path.join(GOLDEN, "*.yaml")))
check(len(names) >= 10, names)
total = sum(try_job(name) for name in names)

# What is wrong is said as validate says it, and nothing is planned.
place.write("wrong.yaml", "name: wrong\ndag:\n  nodes:\n    - {id: a, op: echo, inputs: [nobody]}\n")
wrong = place.gcctl("plan", "wrong.yaml", code=2)
check("Node 'a' depends on undefined node 'nobody'" in wrong.err and wrong.out == "", wrong.err)
refused = json.loads(place.gcctl("plan", "wrong.yaml", "--json", code=2).out)
check(len(refused["problems"]) == 1 and refused["problems"][0]["node"] == "a", refused)
missing = place.gcctl("plan", "missing.yaml", code=2)
check("missing.yaml" in missing.err, missing.err)

print(f"{len(names)} jobs planned as told; {total} files have the pixels of the printed programs")
