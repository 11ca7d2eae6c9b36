"""Every offered operation of libvips does what the vips command does with the line that the catalogue gives for it.

Each runs on four pictures: 8-bit RGB, 16-bit mono, RGBA of an odd size, and a 16-bit table of 256 x 1 (8.14 does not read a TIFF file
of one row, so it is none of doubles). All of them run in few jobs, each operation's image saved as TIFF; then the vips command makes
the same, and the pixels (or the numbers) are compared. What fails must fail in both. The last lines say how many there were, and which
are exceptions, and why.
"""
import array
import json
import os
import shlex
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check, vips  # noqa: E402

harness.need("vips")
place = harness.Place("catalogue")

# ---- the pictures -------------------------------------------------------------------------------

os.mkdir(place.path("pictures"))
PICTURES = {"rgb": "rgb.png", "mono": "mono.png", "rgba": "rgba.png", "table": "table.png"}


def picture(name):
    return place.path("pictures", PICTURES[name])


def tmp(name):
    return place.path(name + ".v")


vips("perlin", tmp("p"), 64, 48, "--cell-size", 16, "--uchar", "--seed", 3)
vips("sines", tmp("s"), 64, 48, "--hfreq", 5, "--uchar")
vips("grey", tmp("g"), 64, 48, "--uchar")
vips("bandjoin", f"{tmp('p')} {tmp('s')} {tmp('g')}", tmp("rgb"))
vips("copy", tmp("rgb"), picture("rgb"), "--interpretation", "srgb")
vips("linear", tmp("p"), tmp("l"), 200, 77)
vips("cast", tmp("l"), tmp("u"), "ushort")
vips("copy", tmp("u"), picture("mono"), "--interpretation", "grey16")
vips("bandjoin", f"{picture('rgb')} {tmp('s')}", tmp("a"))
vips("crop", tmp("a"), picture("rgba"), 2, 3, 51, 37)
vips("identity", tmp("i"))
vips("linear", tmp("i"), tmp("t"), 3, 1)
vips("cast", tmp("t"), tmp("w"), "ushort")
vips("copy", tmp("w"), picture("table"), "--interpretation", "grey16")

# ---- what is run --------------------------------------------------------------------------------
# An operation is given what must be there, within its ranges, and one setting more where it has a choice. Some want better: settings,
# steps before ("op key=value | op"), or another image than a wave of the same size.

MASK = "gaussmat sigma=1 min_ampl=0.2"
LINE = "gaussmat sigma=1 min_ampl=0.2 separable=true"
SETTINGS = {
    "affine": "matrix=[1,0.1,-0.2,1.5]", "arrayjoin": "across=2", "bandbool": "boolean=eor", "copy": "interpretation=lab",
    "colourspace": "space=lab", "composite": "mode=2",
    "crop": "left=3 top=0 width=20 height=1", "embed": "x=5 y=6 width=100 height=90 extend=mirror",
    "extract_area": "left=3 top=0 width=20 height=1", "extract_band": "band=0", "fractsurf": "width=32 height=32 fractal_dimension=2.5",
    "gaussmat": "sigma=1.5 min_ampl=0.1", "gaussnoise": "width=40 height=30 seed=5", "getpoint": "x=7 y=0",
    "gravity": "direction=centre width=120 height=100 extend=black", "grid": "tile_height=1 across=1 down=1",
    "icc_export": "output_profile=srgb", "icc_import": "input_profile=srgb", "icc_transform": "output_profile=p3 input_profile=srgb",
    "insert": "x=5 y=-3 expand=true", "linear": "a=[1.5] b=[-3]", "logmat": "sigma=1.5 min_ampl=0.1",
    "match": "xr1=5 yr1=5 xs1=6 ys1=5 xr2=45 yr2=30 xs2=46 ys2=31", "measure": "h=2 v=2", "merge": "direction=horizontal dx=-30 dy=2",
    "morph": "morph=erode", "mosaic": "direction=horizontal xref=40 yref=24 xsec=12 ysec=24 hwindow=2 harea=4",
    "mosaic1": "direction=horizontal xr1=40 yr1=8 xs1=10 ys1=8 xr2=40 yr2=40 xs2=10 ys2=40 hwindow=2 harea=4",
    "percent": "percent=50", "perlin": "width=40 height=30 cell_size=8 seed=5", "rank": "width=3 height=1 index=1",
    "remainder_const": "c=[7]", "resize": "scale=0.5", "rotate": "angle=30", "similarity": "scale=0.7 angle=-20",
    "smartcrop": "width=20 height=1 interesting=attention", "stdif": "width=3 height=1", "hist_local": "width=3 height=1",
    "thumbnail_image": "width=30 size=down", "transpose3d": "page_height=1", "worley": "width=40 height=30 cell_size=8 seed=5",
    "wrap": "x=10 y=0", "zoom": "xfac=2 yfac=3",
}
BEFORE = {
    "buildlut": "identity | rot angle=d90 | zoom xfac=2 yfac=1", "CMYK2XYZ": "bandjoin_const c=[0]",
    "case": "extract_band band=0", "countlines": "extract_band band=0", "hist_cum": "hist_find", "hist_entropy": "hist_find",
    "hist_ismonotonic": "hist_find | extract_band band=0", "hist_match": "hist_find | hist_cum", "hist_norm": "hist_find",
    "hist_plot": "hist_find", "hough_circle": "extract_band band=0", "hough_line": "extract_band band=0",
    "icc_export": "colourspace space=lab", "invertlut": "identity | rot angle=d90 | zoom xfac=2 yfac=1 | linear a=[0.00390625] b=[0]",
    "LabQ2Lab": "colourspace space=labq", "LabQ2LabS": "colourspace space=labq", "LabQ2sRGB": "colourspace space=labq",
    "LabS2Lab": "colourspace space=labs", "LabS2LabQ": "colourspace space=labs", "matrixinvert": "gaussnoise width=3 height=3 seed=1",
    "mosaic": "extract_band band=0", "mosaic1": "extract_band band=0", "percent": "extract_band band=0",
    "phasecor": "extract_band band=0", "rad2float": "float2rad", "rot45": "crop left=0 top=0 width=5 height=5",
    "switch": "extract_band band=0",
}
OTHER = {
    "compass": MASK, "conv": MASK, "conva": MASK, "convf": MASK, "convi": MASK, "convasep": LINE, "convsep": LINE,
    "fastcor": "sines width=5 height=1 uchar=true", "spcor": "sines width=5 height=1 uchar=true", "hist_match": "identity",
    "freqmult": "mask_ideal width=64 height=48 frequency_cutoff=0.5", "mapim": "xyz width=30 height=20", "maplut": "identity",
    "morph": "black width=3 height=1 | linear a=[1] b=[255]", "quadratic": "black width=2 height=1",
    "recomb": "xyz width=3 height=2 | extract_band band=0",
    "mosaic": "perlin width=64 height=48 cell_size=16 uchar=true seed=3",
    "mosaic1": "perlin width=64 height=48 cell_size=16 uchar=true seed=3",
}
WAVE = "sines width=64 height=48 uchar=true"
# What the vips command cannot be asked for: an operation's image is then only made.
UNSAID = {"fractsurf": "the vips command has no way to say its seed"}
# Where 8.14 writes or reads behind its blocks: refused here, and not tried by hand, where it may crash or not.
HARMS = {("conva", "mono"), ("conva", "table"), ("draw_flood", "table"), ("freqmult", "table"), ("fwfft", "table"), ("phasecor", "table"), ("spectrum", "table")}
# FFTW times its ways and takes the fastest, which is not the same each time: two runs of the vips command differ in the last bits too.
NEARLY = {"freqmult": 1e-5, "fwfft": 1e-5, "invfft": 1e-5, "phasecor": 1e-5, "spectrum": 1e-2}


def settings_of(text):
    return {k: json.loads(v) if v[0] in "[-0123456789" or v == "true" else v
            for k, v in (word.split("=", 1) for word in text.split())}


def any_value(config):
    if "choices" in config:
        return config["choices"][-1]
    if config["type"] == "bool":
        return True
    if config["type"] == "numbers":
        return [3]
    low, high = config.get("min", 2), config.get("max", 2)
    return max(low, min(high, 2 if config["type"] == "int" else 1.5))


def default_settings(op):
    given = {c["key"]: any_value(c) for c in op["config"] if c["required"]}
    more = [c for c in op["config"] if not c["required"] and (c["type"] == "bool" or "choices" in c)]
    if more:
        given[more[0]["key"]] = any_value(more[0])
    return given


class Node:
    """A node of the job and of the program by hand alike."""

    def __init__(self, id, op, config, inputs):
        self.id, self.op, self.config, self.inputs = id, op, config, inputs  # inputs: name -> Node, or list of them

    def spec(self, image):
        """As the job has it, on the picture of that node: what takes no image belongs to the item all the same."""
        def name(node):
            return image if node is PICTURE else node.id
        inputs = {slot: [name(n) for n in to] if isinstance(to, list) else name(to) for slot, to in self.inputs.items()}
        return {"id": self.id, "op": self.op["name"], "config": self.config, "inputs": inputs or [image]}


PICTURE = object()


catalogue = {op["name"]: op for op in place.json("ops")["ops"]}
own = {"collect", "contact_sheet", "count", "describe", "echo", "exec", "fail", "files", "filter", "group_near", "histogram", "list",
       "load", "noop", "phash", "save", "sleep", "summarize", "tile", "top"}
offered = [op for op in catalogue.values() if op["command"].startswith("vips ") and op["name"] not in own]
check(len(offered) >= 190 or not vips("--version").startswith("vips-8.14"), f"only {len(offered)} operations are offered")


def images_of(op):
    return [i for i in op["inputs"] if i["type"] == "image" and i["required"]]


def chain(text, prefix, start):
    nodes = []
    for k, step in enumerate(text.split(" | ")):
        name, _, rest = step.partition(" ")
        taken = images_of(catalogue[name])
        inputs = {taken[0]["name"]: nodes[-1] if nodes else start} if taken else {}
        nodes.append(Node(f"{prefix}{k}", catalogue[name], settings_of(rest), inputs))
    return nodes


def nodes_of(op):
    """The operation and what it needs; itself last."""
    name = op["name"]
    taken = images_of(op)
    before = chain(BEFORE[name], f"{name}.b", PICTURE) if name in BEFORE else []
    other = chain(OTHER.get(name, WAVE), f"{name}.o", PICTURE) if len(taken) > 1 or any(i["many"] for i in taken) else []
    inputs = {}
    for k, slot in enumerate(taken):
        first = (before[-1] if before else PICTURE) if k == 0 else other[-1]
        inputs[slot["name"]] = [first, other[-1]] if slot["many"] and k == 0 else first
    config = settings_of(SETTINGS[name]) if name in SETTINGS else default_settings(op)
    return before + other + [Node(name, op, config, inputs)]


# ---- by gcctl -----------------------------------------------------------------------------------

STAGE, JOB = 60, 480
makes_image = {op["name"]: op["outputs"][0]["type"] == "image" for op in offered}
outcome = {}  # (operation, picture) -> None, a file, or a value


def batches():
    """Operations, as many as a stage takes, each with its nodes."""
    batch, size = [], 2
    for k, op in enumerate(offered):
        nodes = nodes_of(op)
        if size + len(nodes) + 1 > STAGE:
            yield batch
            batch, size = [], 2
        batch.append((op["name"], nodes))
        size += len(nodes) + 1
    yield batch


def run_job(job):
    path = place.write("job.json", json.dumps(job))
    run = place.json("run", path, "--allow-partial")
    check(run["state"] in ("completed", "partial"), f"the run is {run['state']}")
    stems = {file: name for name, file in PICTURES.items()}
    for line in place.gcctl("failures", run["run"], "--format", "jsonl").out.splitlines():
        failure = json.loads(line)
        check(failure["cause"] in ("op-error", "too-large"), f"{failure['node']}: {failure['cause']}: {failure['message']}")
    for line in place.gcctl("results", run["run"]).out.splitlines():
        result = json.loads(line)
        name = result["node"].split("--")[0]
        key = (name, stems[os.path.basename(result["source"])])
        if result["node"].endswith("--saved"):
            outcome[key] = place.path(result["value"]["path"])
        elif name in makes_image and not makes_image[name] and result["node"] == name:
            outcome[key] = result["value"]


jobs, size = [[]], 0
for batch in batches():
    stage = 2 + sum(len(nodes) + 1 for _, nodes in batch)
    if size + stage > JOB:
        jobs.append([])
        size = 0
    jobs[-1].append(batch)
    size += stage
for job in jobs:
    specs = []
    for k, batch in enumerate(job):
        specs.append({"id": f"source{k}", "op": "files", "config": {"path": "pictures"}})
        specs.append({"id": f"image{k}", "op": "load", "inputs": [f"source{k}"]})
        for name, nodes in batch:
            specs += [node.spec(f"image{k}") for node in nodes]
            if makes_image[name]:
                specs.append({"id": f"{name}--saved", "op": "save", "inputs": [name], "config": {"to": f"out/{name}-{{index}}.tif"}})
    run_job({"name": "catalogue", "policy": {"timeout": "300s"}, "dag": {"nodes": specs}})

# ---- by hand ------------------------------------------------------------------------------------


def word(value):
    if isinstance(value, list):
        return " ".join(word(v) for v in value)
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def fill(node, files):
    """The command lines: words with their placeholders filled in."""
    template = node.op["command"]
    options = [f"--{k.replace('_', '-')}={word(v)}" for k, v in node.config.items() if "{%s}" % k not in template]
    for line in template.split(" && "):
        words = []
        for part in line.split():
            if part == "{options}":
                words += options
                continue
            for key, value in {**{k: word(v) for k, v in node.config.items()}, **files}.items():
                part = part.replace("{%s}" % key, value)
            words.append(part)
        yield words


class Refused(Exception):
    pass


def flat(inputs):
    return [node for to in inputs.values() for node in (to if isinstance(to, list) else [to])]


def key_of(node):
    """None: it hangs on the picture."""
    if node is PICTURE:
        return None
    inputs = [key_of(n) for n in flat(node.inputs)]
    return None if None in inputs else json.dumps([node.op["name"], node.config, inputs])


constants, constants_lock = {}, threading.RLock()


def make(node, picture_file, out, suffix=".v"):
    """The file of the node's first image, or the text that the command prints. What hangs on no picture is made once."""
    key = key_of(node)
    if key is None:
        return picture_file if node is PICTURE else make_anew(node, picture_file, out, suffix)
    with constants_lock:
        if key + suffix not in constants:
            file = place.path("hand", f"constant{len(constants)}")
            constants[key + suffix] = make_anew(node, None, file, suffix)
        return constants[key + suffix]


def make_anew(node, picture_file, out, suffix):
    made = [o["name"] for o in node.op["outputs"] if o["type"] == "image"]
    paints = " && " in node.op["command"]
    files = {name: f"{out}.{node.id}.{name}{'.v' if paints else suffix}" for name in made}
    result = files[made[0]] if made else None
    for name, to in node.inputs.items():
        several = to if isinstance(to, list) else [to]
        files[name] = " ".join(make(n, picture_file, out) for n in several)
    for words in fill(node, files):
        # One thread, as an executor has: of two equal maxima (stats) several would tell now the one, now the other.
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, VIPS_CONCURRENCY="1"))
        if done.returncode:
            raise Refused(f"{shlex.join(words)}: {done.stderr.strip()}")
    if paints and suffix != ".v":
        vips("copy", result, result + suffix)
        result += suffix
    return result if made else done.stdout


def pixels(path):
    """Size, format and samples of each page of a TIFF file as libvips writes it: little-endian, in strips (compressed where an image is
    XYZ, which it writes as logarithms: the same samples are the same bytes)."""
    with open(path, "rb") as f:
        data = f.read()
    check(data[:4] == b"II*\0", f"{path}: not a little-endian TIFF file")
    at, found = struct.unpack_from("<I", data, 4)[0], []
    sizes = {1: "B", 2: "c", 3: "H", 4: "I", 16: "Q"}
    while at:
        count, tags = struct.unpack_from("<H", data, at)[0], {}
        for k in range(count):
            tag, kind, n = struct.unpack_from("<HHI", data, at + 2 + 12 * k)
            if kind not in sizes:
                continue
            code = f"<{n}{sizes[kind]}"
            where = at + 10 + 12 * k
            if struct.calcsize(code) > 4:
                where = struct.unpack_from("<I", data, where)[0]
            tags[tag] = struct.unpack_from(code, data, where)
        samples = b"".join(data[o:o + n] for o, n in zip(tags[273], tags[279]))
        found.append(([tags.get(tag) for tag in (256, 257, 258, 259, 262, 277, 339)], samples))
        at = struct.unpack_from("<I", data, at + 2 + 12 * count)[0]
    return found


def nearly_same(a, b, share):
    """Samples differ by no more than that share of the largest."""
    if [page[0] for page in a] != [page[0] for page in b]:
        return False
    for (tags, x), (_, y) in zip(a, b):
        bits, kind = tags[2][0], (tags[-1] or (1,))[0]  # 3: reals, 5 or 6: pairs of them, else unsigned
        code = {8: "B", 16: "H", 32: "f", 64: "f" if kind in (5, 6) else "d", 128: "d"}[bits]
        x, y = array.array(code, x), array.array(code, y)
        limit = share * max(map(abs, x))
        if any(abs(v - w) > limit for v, w in zip(x, y)):
            return False
    return True


def same_number(text, value):
    if isinstance(value, bool):
        return text.lower() == str(value).lower()
    return abs(float(text) - value) <= 1e-6 * max(1.0, abs(value))


def same_value(op, printed, value):
    """The command prints the outputs that it always has, one a line; a list is one line."""
    if isinstance(value, dict):
        value = [value[name] for name in value][:len(printed.split("\n")) - 1]
    words = printed.split()
    value = value if isinstance(value, list) else [value]
    return len(words) == len(value) and all(same_number(w, v) for w, v in zip(words, value))


def compare(key):
    """None: equal; "refused": in both; else what differs."""
    name, which = key
    op = catalogue[name]
    node = nodes_of(op)[-1]
    mine = outcome.get(key)
    if key in HARMS:
        return "harms" if mine is None else f"{name} on {which}: not refused, though libvips is known to spoil its memory"
    try:
        theirs = make(node, picture(which), place.path("hand", f"{name}-{which}"), ".tif")
    except Refused as refusal:
        return "refused" if mine is None else f"{name} on {which}: done here, the vips command says: {refusal}"
    if mine is None:
        return f"{name} on {which}: failed here, the vips command does it"
    if name in UNSAID:
        return None
    if not makes_image[name]:
        return None if same_value(op, theirs, mine) else f"{name} on {which}: {mine} here, the vips command prints {theirs!r}"
    same = nearly_same(pixels(theirs), pixels(mine), NEARLY[name]) if name in NEARLY else pixels(theirs) == pixels(mine)
    return None if same else f"{name} on {which}: other pixels"


os.mkdir(place.path("hand"))
keys = [(op["name"], which) for op in offered for which in PICTURES]
with ThreadPoolExecutor(os.cpu_count()) as pool:
    verdicts = dict(zip(keys, pool.map(compare, keys)))
wrong = [v for v in verdicts.values() if v not in (None, "refused", "harms")]
refused = [k for k, v in verdicts.items() if v == "refused"]
never = [op["name"] for op in offered if all(verdicts[op["name"], which] == "refused" for which in PICTURES)]
check(not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:40]))
check(not never, f"these were done on no picture at all, so nothing was proved of them: {' '.join(never)}")
equal = len(keys) - len(refused) - len(HARMS) - len(UNSAID) * len(PICTURES)
print(f"refused by both: {' '.join(sorted('/'.join(k) for k in refused))}")
print(f"refused here, since libvips spoils its memory: {' '.join(sorted('/'.join(k) for k in HARMS))}")
print(f"not compared: {'; '.join(f'{name}: {why}' for name, why in UNSAID.items())}")
print(f"the same but for the last bits, which FFTW makes others each time: {' '.join(NEARLY)}")
print(f"{len(offered)} operations x {len(PICTURES)} pictures: {equal} equal the vips command, {len(refused)} are refused by both, "
      f"{len(HARMS)} by us, {len(UNSAID) * len(PICTURES)} not compared")
