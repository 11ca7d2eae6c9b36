"""Every format that this libvips writes goes into a sealed executor and out of it: libraries that open files of their own when they are
first used (plug-ins, profiles, fonts) would fail there, or make something else, without a word.

Each file is loaded by a sealed executor and saved in each format that `save` writes; what comes out has the pixels that the same vips
command, which is not sealed, makes of it.
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check, vips  # noqa: E402

harness.need("vips")
place = harness.Place("formats")
ASKED = ("jp2k", "jxl", "ppm", "rad", "pdf", "svg")
READ = ("jpg", "png", "webp", "gif", "tif", "heic", "avif", "jp2", "jxl", "ppm")
WRITTEN = ("jpg", "png", "webp", "gif", "tif", "heic", "avif", "jxl", "jp2")

# Shapes only: text is drawn with fonts, which are files.
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90">
<rect width="120" height="90" fill="#269"/><circle cx="60" cy="45" r="30" fill="#fd3"/></svg>
"""


def can(*command):
    return subprocess.run(["vips", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def raw(path):
    out = place.path("raw.bin")
    vips("rawsave", path, out)
    with open(out, "rb") as f:
        return f.read()


def apart(one, other):
    """Mean distance of two pictures' samples, in levels."""
    difference, distance = place.path("difference.v"), place.path("distance.v")
    vips("subtract", one, other, difference)
    vips("abs", difference, distance)
    return float(vips("avg", distance))


base, colour = place.path("base.v"), place.path("colour.v")
vips("perlin", base, 200, 150, "--uchar", "--seed", 3)
vips("bandjoin", f"{base} {base} {base}", colour)
os.mkdir(place.path("in"))
left_out = [ext for ext in READ if not can("copy", colour, place.path("in", f"a.{ext}"))]
for ext in left_out:
    if os.path.exists(place.path("in", f"a.{ext}")):
        os.unlink(place.path("in", f"a.{ext}"))
place.write("in/a.svg", SVG)
if not can("copy", place.path("in", "a.svg"), colour):
    left_out.append("svg")
    os.unlink(place.path("in", "a.svg"))
names = sorted(os.listdir(place.path("in")))
written = [ext for ext in WRITTEN if ext not in left_out]
check({"a.jpg", "a.png", "a.webp", "a.gif", "a.tif"} <= set(names), f"this libvips does not write what it must: {left_out}")

saves = "".join(f'    - {{id: {ext}, op: save, inputs: [image], config: {{to: "out/{{name}}.{ext}"}}}}\n' for ext in written)
place.write("job.yaml", f"""name: formats
dag:
  nodes:
    - {{id: files, op: files, config: {{path: in, pattern: "*"}}}}
    - {{id: image, op: load, inputs: [files], config: {{loaders: [{", ".join(ASKED)}]}}}}
    - {{id: tone,  op: describe, inputs: [image]}}
    - {{id: srgb,  op: icc_transform, inputs: [image], config: {{output_profile: srgb}}}}
    - {{id: proof, op: save, inputs: [srgb], config: {{to: "out/{{name}}.srgb.png"}}}}
{saves}""")
report = place.json("run", "job.yaml", "-j", 2, code=None)
check(report["state"] == "completed", f"{report}\n{place.gcctl('failures', report['run'], code=None).out}")

different = []
for name in names:
    for ext in written:
        hand, made = place.path(f"hand.{ext}"), place.path("out", f"{name}.{ext}")
        vips("copy", place.path("in", name), hand)
        # x265 encodes by the number of processors that it finds: in an executor that is one.
        if apart(hand, made) >= 1 if ext == "heic" else raw(hand) != raw(made):
            different.append(f"{name} as {ext}")
check(not different, f"pixels differ from those of vips alone: {different}")
print(f"{len(names)} formats read and {len(written)} written in sealed executors, with the pixels of vips alone"
      + (f"; this libvips does not have {' '.join(left_out)}" if left_out else ""))
