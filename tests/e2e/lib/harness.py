"""What the end-to-end tests share: a folder of their own, the daemons, gcctl, and an end that leaves nothing behind.

A test is a program: it exits with 0, with 77 after `skip(reason)`, or with an exception. GC_BIN names the folder with gcctl,
gc-coordinator and gc-worker; GRAPHCAP_TEST_DATA, where set, a folder with more pictures.
"""
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BIN = os.environ.get("GC_BIN") or sys.exit("GC_BIN must name the folder that holds gcctl, gc-coordinator and gc-worker")
DATA = os.environ.get("GRAPHCAP_TEST_DATA")


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(77)


def check(condition, text):
    """Not `assert`: it must not vanish under python -O."""
    if not condition:
        raise AssertionError(text)


def wait_for(what, condition, seconds=60.0):
    """Polls: only for what other processes do and no event tells. The limit is there to end a hung test, not to judge speed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")


def processes():
    """pid -> (parent, command line) of all processes."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as f:
                parent = int(f.read().rsplit(b")", 1)[1].split()[1])
            with open(f"/proc/{name}/cmdline", "rb") as f:
                command = f.read().replace(b"\0", b" ").decode(errors="replace").strip()
        except (OSError, IndexError, ValueError):
            continue
        found[int(name)] = (parent, command)
    return found


def descendants(root):
    """Pids below `root`, itself not included."""
    children = {}
    for pid, (parent, _) in processes().items():
        children.setdefault(parent, []).append(pid)
    found, todo = [], [root]
    while todo:
        for pid in children.get(todo.pop(), []):
            found.append(pid)
            todo.append(pid)
    return found


def vm_hwm(pid):
    """Peak resident bytes, or 0 when the process is gone."""
    try:
        with open(f"/proc/{pid}/status") as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class Place:
    """A temporary folder with a state folder; everything that names it ends with the test."""

    def __init__(self, name, base=None):
        self.dir = tempfile.mkdtemp(prefix=f"gc-{name}-", dir=base)
        self.state = os.path.join(self.dir, "state")
        self.started = []
        self.env = dict(os.environ, GRAPHCAP_STATE=self.state, HOME=self.dir, NO_COLOR="1")
        self.env.pop("GRAPHCAP_ENDPOINT", None)
        atexit.register(self.end)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        return path

    def gcctl(self, *args, code=0, timeout=600, **kw):
        """Runs gcctl to its end. `code`: what it must exit with (None: anything)."""
        done = subprocess.run([os.path.join(BIN, "gcctl"), *map(str, args)], env=self.env, cwd=kw.pop("cwd", self.dir),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **kw)
        done.out, done.err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if code is not None and done.returncode != code:
            raise AssertionError(f"gcctl {' '.join(map(str, args))}: exit {done.returncode}, not {code}\n"
                                 f"stdout: {done.out[:2000]}\nstderr: {done.err[:4000]}\n{self.logs()}")
        return done

    def json(self, *args, **kw):
        return json.loads(self.gcctl(*args, "--json", **kw).out)

    def start(self, program, *args, log=None, **kw):
        path = self.path(log or f"{program}-{len(self.started)}.log")
        out = open(path, "ab")
        proc = subprocess.Popen([os.path.join(BIN, program), *map(str, args)], env=kw.pop("env", self.env), cwd=self.dir,
                                stdout=kw.pop("stdout", out), stderr=out, stdin=subprocess.DEVNULL, **kw)
        out.close()
        proc.log = path
        self.started.append(proc)
        return proc

    def private_pids(self):
        """Daemons of this place's state folder, whoever started them."""
        return [pid for pid, (_, cmd) in processes().items()
                if self.dir in cmd and ("gc-coordinator" in cmd.split(" ")[0] or "gc-worker" in cmd.split(" ")[0])]

    def logs(self):
        text = []
        for root, _, files in os.walk(self.dir):
            for name in files:
                if name.endswith(".log"):
                    with open(os.path.join(root, name), errors="replace") as f:
                        text.append(f"--- {name}\n" + "".join(f.readlines()[-25:]))
        return "\n".join(text)

    def end(self):
        # Only what this test started, or what gcctl started for it: found by the folder in its command line.
        mine = set(self.private_pids()) | {p.pid for p in self.started if p.poll() is None}
        for pid in sorted(mine):
            for victim in [pid] + descendants(pid):
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for proc in self.started:
            proc.wait()
        if os.environ.get("GC_KEEP"):
            print(f"kept: {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


def vips(*args):
    done = subprocess.run(["vips", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise AssertionError(f"vips {' '.join(map(str, args))}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


def need(command):
    if not shutil.which(command):
        skip(f"the command '{command}' is not installed")


def make_photos(folder, count, width=640, height=480):
    """JPEG, PNG and WebP pictures of `count` different looks, made by vips."""
    need("vips")
    os.makedirs(folder, exist_ok=True)
    base = os.path.join(folder, ".base.v")
    vips("perlin", base, width * 2, height * 2, "--uchar", "--seed", 7)
    names = []
    for i in range(count):
        ext = ("jpg", "png", "webp")[i % 3]
        name = os.path.join(folder, f"p{i:03d}.{ext}")
        crop = os.path.join(folder, ".crop.v")
        vips("extract_area", base, crop, (i * 37) % width, (i * 53) % height, width - i % 50, height - i % 30)
        vips("bandjoin", f"{crop} {crop} {crop}", name)
        names.append(name)
    for name in (".base.v", ".crop.v"):
        os.unlink(os.path.join(folder, name))
    return names


ECHO = """name: echoes
dag:
  nodes:
    - {id: lines, op: list, config: {path: items.txt}}
    - {id: said,  op: echo, inputs: [lines]}
    - {id: many,  op: count, inputs: [said]}
"""

PHOTOS = """name: photographs
policy: {retries: 1000, suspicions: 1000}
dag:
  nodes:
    - {id: photos,  op: files, config: {path: photos, pattern: "**/*.{jpg,jpeg,png,webp,tif}"}}
    - {id: image,   op: load, inputs: [photos]}
    - {id: small,   op: thumbnail_image, inputs: [image], config: {width: 512, size: down}}
    - {id: crisp,   op: sharpen, inputs: [small], config: {sigma: 0.6}}
    - {id: saved,   op: save, inputs: [crisp], config: {to: "out/{dir}/{name}.webp", Q: 80}}
    - {id: tone,    op: describe, inputs: [small]}
    - {id: summary, op: summarize, inputs: [tone]}
    - {id: widths,  op: histogram, inputs: [tone], config: {field: width, min: 0, max: 1024, bins: 16}}
    - {id: many,    op: count, inputs: [saved]}
"""
