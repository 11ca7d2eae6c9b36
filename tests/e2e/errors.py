"""What can be wrong around a job, one case each: a clear error (what happened, where, what to do), the right exit code, and nothing lost.

Malformed job files, unknown ops, a missing folder, unreadable and broken files, full disks under outputs and under the coordinator, no
coordinator, another version of it, Ctrl-C. Full disks need root and mount(8): those cases say so where they are left out.
"""
import atexit
import errno
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check, wait_for  # noqa: E402

for daemon in ("gc-coordinator", "gc-worker"):
    if not os.access(os.path.join(harness.BIN, daemon), os.X_OK):
        harness.skip(f"{daemon} is not built")

left_out = []


def expect(text, *parts):
    for part in parts:
        check(part in text, f"{part!r} is missing in:\n{text}")


class Popen(subprocess.Popen):
    """gcctl in the background, its stderr in a file that can be looked at meanwhile."""

    def __init__(self, place, *args):
        self.log = place.path(f"gcctl-{len(place.started)}.log")
        with open(self.log, "wb") as err:
            super().__init__([os.path.join(harness.BIN, "gcctl"), *args], env=place.env, cwd=place.dir,
                             stdout=subprocess.PIPE, stderr=err, stdin=subprocess.DEVNULL)
        place.started.append(self)

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def ends(self, code):
        out, _ = self.communicate(timeout=300)
        check(self.returncode == code, f"exit {self.returncode}, not {code}: {self.said()}")
        return out.decode()


def rows(place, run, node):
    return [json.loads(line) for line in place.gcctl("results", run, "--node", node).out.splitlines()]


def failures(place, run):
    return [json.loads(line) for line in place.gcctl("failures", run, "--format", "jsonl").out.splitlines()]


def accounted(shown):
    for node, n in shown["nodes"].items():
        check(n["done"] + n["failed"] + n["skipped"] == n["total"], f"{node}: {n}")


def write_lines(place, count):
    place.write("items.txt", "".join(f"line-{i}\n" for i in range(count)))


def naps(seconds):
    return f"""name: naps
dag:
  nodes:
    - {{id: lines, op: list, config: {{path: items.txt}}}}
    - {{id: nap, op: sleep, inputs: [lines], config: {{seconds: {seconds}}}}}
    - {{id: said, op: echo, inputs: [lines]}}
    - {{id: many, op: count, inputs: [said]}}
"""


def naps_done(place):
    for row in place.json("ls"):
        if row["job"] == "naps" and row["state"] == "running":
            if place.json("show", row["run"])["nodes"]["nap"]["done"] > 2:
                return row["run"]
    return None


# ---- job files ----

JOBS = [  # name, text, what is said (whole lines, behind the file's name)
    ("tabs.yaml", "name: x\ndag:\n\tnodes: []\n", ["tabs.yaml:3: no YAML: "]),
    ("open.yaml", "name: x\ndag: [\n", ["open.yaml:3: no YAML: "]),
    ("comma.json", '{"name": "x",\n "dag": {"nodes": [{"id": "a", "op": "echo",, }]}}', ["comma.json:2: no JSON: "]),
    ("empty.yaml", "", ["empty.yaml:1: the file is empty"]),
    ("list.yaml", "- a\n- b\n", ["list.yaml:1: "]),
    ("unknown.yaml", """name: x
dag:
  nodes:
    - {id: l, op: list, config: {path: items.txt}}
    - {id: a, op: ecko, inputs: [l]}
    - {id: b, op: thumbnail_imag, inputs: [l], config: {width: 5}}
""", ["unknown.yaml:5: node 'a': op: there is no op 'ecko'; did you mean 'echo'?\n",
      "unknown.yaml:6: node 'b': op: there is no op 'thumbnail_imag'; did you mean 'thumbnail_image'?\n"]),
    ("many.yaml", """name: x
name: y
dag:
  nodes:
    - {id: a, op: echo}
    - {id: a, op: echo, inputs: [b]}
    - {id: c, op: echo, inputs: [d], colour: red}
    - {id: d, op: echo, inputs: [c]}
    - {id: e, op: sleep, config: {secunds: 1}}
""", ["many.yaml:2: 'name' stands here and in line 1",
      "many.yaml:6: node 'a': id: Node with id a already exists",
      "many.yaml:6: node 'a': inputs: Node 'a' depends on undefined node 'b'",
      "many.yaml:7: node 'c': colour: ",
      "many.yaml:7: node 'c': inputs: Cycle detected in the DAG: c -> d -> c"]),
    ("config.yaml", """name: x
dag:
  nodes:
    - {id: l, op: list, config: {path: items.txt}}
    - {id: e, op: sleep, inputs: [l], config: {secunds: 1}}
    - {id: f, op: sleep, inputs: [l], config: {seconds: soon}}
""", ["config.yaml:5: node 'e': config.secunds: op 'sleep' has no such setting; did you mean 'seconds'?\n",
      "config.yaml:6: node 'f': config.seconds: must be a number, not 'soon'\n"]),
    ("fields.yaml", """name: x
dag:
  nodes:
    - {id: p, op: files, config: {path: .}}
    - {id: i, op: load, inputs: [p]}
    - {id: d, op: describe, inputs: [i]}
    - {id: h, op: histogram, inputs: [d], config: {field: maen, min: 0, max: 1}}
    - {id: t, op: top, inputs: [d], config: {by: colour}}
    - {id: g, op: group_near, inputs: [d]}
""", ["fields.yaml:7: node 'h': config.field: there is no field 'maen' here that is a number; did you mean 'mean'?\n",
      "fields.yaml:8: node 't': config.by: there is no field 'colour' here that is a number, but 'width', ",
      "fields.yaml:9: node 'g': config.field: no field of what it reads is a hash\n"]),
]


def test_job_files(place):
    write_lines(place, 3)
    for name, text, said in JOBS:
        place.write(name, text)
        for command in ("validate", "run", "submit"):
            done = place.gcctl(command, name, code=2)
            expect(done.err, *said)
            check(done.out == "", f"{command} {name}: {done.out}")
    with open(place.path("noise.yaml"), "wb") as f:
        f.write(bytes(range(128, 256)))
    expect(place.gcctl("run", "noise.yaml", code=2).err, "noise.yaml:1: no UTF-8 text")
    expect(place.gcctl("run", "nowhere.yaml", code=2).err, "nowhere.yaml: cannot open: No such file or directory")
    expect(place.gcctl("run", ".", code=2).err, ".: cannot read: Is a directory")
    check(place.json("ls") == [], "nothing of it became a run")


# ---- sources ----

def test_missing_source(place):
    files = """name: gone
dag:
  nodes:
    - {id: photos, op: files, config: {path: "%s"}}
    - {id: image, op: load, inputs: [photos]}
    - {id: many, op: count, inputs: [photos]}
"""
    whole = place.path("no", "photos")
    for path in ("no/photos", "./no/../no/photos/", whole):
        place.write("gone.yaml", files % path)
        done = place.gcctl("run", "gone.yaml", "--json", code=1)
        shown = json.loads(done.out)
        check(shown["state"] == "failed", f"{shown}")
        expect(shown["text"], "node 'photos' failed: ", f"'{whole}': No such file or directory")
        expect(done.err, f"'{whole}': No such file or directory")
        failed = [f for f in failures(place, shown["run"]) if f["node"] == "photos"]
        check(len(failed) == 1 and failed[0]["cause"] == "missing" and failed[0]["item"] is None, f"{failed}")
    place.write("gone.yaml", "name: gone\ndag:\n  nodes:\n    - {id: l, op: list, config: {path: no.txt}}\n"
                             "    - {id: e, op: echo, inputs: [l]}\n")
    done = place.gcctl("run", "gone.yaml", code=1)
    expect(done.err, f"'{place.path('no.txt')}': No such file or directory", "missing")
    place.write("afile", "")
    place.write("gone.yaml", files % "afile")
    expect(place.gcctl("run", "gone.yaml", code=1).err, f"'{place.path('afile')}': Not a directory")


def test_no_items(place):
    os.makedirs(place.path("bare"))
    place.write("bare/notes.txt", "x")
    place.write("bare.yaml", "name: bare\ndag:\n  nodes:\n    - {id: photos, op: files, config: {path: bare, pattern: '*.jpg'}}\n"
                             "    - {id: image, op: load, inputs: [photos]}\n    - {id: many, op: count, inputs: [photos]}\n")
    done = place.gcctl("run", "bare.yaml", "--json")
    shown = json.loads(done.out)
    check(shown["state"] == "completed" and shown["items"] == 0 and shown["results"]["many"] == 0, f"{shown}")
    check(shown["text"], "it says that there was nothing to do")
    expect(done.err, "txt")


# ---- broken files ----

def test_broken_files(place):
    """One broken picture costs that picture: each is blamed on `load`, with its cause, and the rest is done."""
    good = harness.make_photos(place.path("photos"), 6)
    with open(good[0], "rb") as f:
        jpeg = f.read()
    bad = {"cut.jpg": ("damaged", jpeg[:len(jpeg) // 2]), "empty.jpg": ("bad-input", b""),
           "text.jpg": ("unsupported", b"this is no picture\n" * 20), "huge.jpg": ("too-large", jpeg + bytes(2 << 20)),
           "folder.jpg": ("unreadable", None), "gone.jpg": ("missing", None)}
    for name, (_, data) in bad.items():
        if data is not None:
            with open(place.path("photos", name), "wb") as f:
                f.write(data)
    os.makedirs(place.path("photos", "folder.jpg"))
    names = sorted(os.listdir(place.path("photos")))
    place.write("names.txt", "".join(f"photos/{n}\n" for n in names) + "photos/gone.jpg\n")
    place.write("broken.yaml", """name: broken
dag:
  nodes:
    - {id: names, op: list, config: {path: names.txt}}
    - {id: image, op: load, inputs: [names], config: {max_file: 2097152}}
    - {id: tone, op: describe, inputs: [image]}
    - {id: many, op: count, inputs: [tone]}
""")
    done = place.gcctl("run", "broken.yaml", "--json", code=5)
    shown = json.loads(done.out)
    accounted(shown)
    check(shown["nodes"]["tone"]["done"] == 6 and shown["results"]["many"] == 6, f"{shown}")
    check(shown["nodes"]["tone"]["skipped"] == len(bad), f"what hangs on a failed node is skipped: {shown['nodes']['tone']}")
    found = {os.path.basename(f["source"]): f for f in failures(place, shown["run"])}
    check(sorted(found) == sorted(bad), f"{sorted(found)}")
    for name, (cause, _) in bad.items():
        row = found[name]
        want = ("bad-input", "unsupported") if name in ("empty.jpg", "text.jpg") else (cause,)
        check(row["cause"] in want and row["node"] == "image" and row["attempts"] == 1, f"{row}")
        check(row["message"] and row["worker"], f"it says why, and who found it: {row}")
        expect(done.err, row["cause"])
    expect(found["gone.jpg"]["message"], f"'{place.path('photos', 'gone.jpg')}': No such file or directory")
    expect(found["huge.jpg"]["message"], "max_file is 2097152")


def test_unreadable(place):
    """As a user who is not root: to root every file is readable."""
    harness.make_photos(place.path("photos"), 4)
    with open(place.path("photos", "p000.jpg"), "rb") as f:
        data = f.read()
    with open(place.path("photos", "secret.jpg"), "wb") as f:
        f.write(data)
    os.chmod(place.path("photos", "secret.jpg"), 0)
    place.write("secret.yaml", "name: secret\ndag:\n  nodes:\n    - {id: photos, op: files, config: {path: photos}}\n"
                               "    - {id: image, op: load, inputs: [photos]}\n    - {id: tone, op: describe, inputs: [image]}\n")
    before = []
    if os.geteuid() == 0:
        harness.need("setpriv")
        before = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
        for root, folders, files in os.walk(place.dir):
            for name in folders + files:
                os.chown(os.path.join(root, name), 65534, 65534)
        os.chown(place.dir, 65534, 65534)
        gcctl = os.path.join(harness.BIN, "gcctl")
        if subprocess.run([*before, gcctl, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            left_out.append(f"an unreadable file: another user cannot run {gcctl}")
            return
    run = subprocess.run([*before, os.path.join(harness.BIN, "gcctl"), "run", "secret.yaml", "--json"], env=place.env,
                         cwd=place.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    err = run.stderr.decode()
    check(run.returncode == 5, f"exit {run.returncode}: {err}\n{place.logs()}")
    shown = json.loads(run.stdout)
    check(shown["nodes"]["tone"]["done"] == 4 and shown["nodes"]["image"]["failed"] == 1, f"{shown}")
    expect(err, "unreadable", "secret.jpg", "Permission denied")
    os.chmod(place.path("photos"), 0)
    run = subprocess.run([*before, os.path.join(harness.BIN, "gcctl"), "run", "secret.yaml"], env=place.env,
                         cwd=place.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    expect(run.stderr.decode(), "node 'photos' failed", f"'{place.path('photos')}': Permission denied", "unreadable")
    check(run.returncode == 1, f"exit {run.returncode}: a source that cannot be read fails the run")


# ---- full disks ----

def tiny_disk(place, name, size):
    """A file system of its own below the test's folder; None, and why, where that is not possible."""
    path = place.path(name)
    os.makedirs(path, exist_ok=True)
    if os.geteuid() != 0:
        left_out.append(f"{name}: mounting a small file system needs root")
        return None
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "gc-test", path], stderr=subprocess.PIPE)
    if done.returncode:
        left_out.append(f"{name}: mount: {done.stderr.decode(errors='replace').strip()}")
        return None
    place.mounts.append(path)
    return path


def fill(path):
    """Takes all the room that is left. Called again until nothing more goes in: others write at the same time."""
    filler = os.path.join(path, "filler")
    fd = os.open(filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for size in (65536, 4096, 1):
            while True:
                try:
                    os.write(fd, bytes(size))
                except OSError as e:
                    check(e.errno == errno.ENOSPC, str(e))
                    break
    finally:
        os.close(fd)
    return filler


def test_full_outputs(place):
    out = tiny_disk(place, "out", "3m")
    if not out:
        return
    harness.make_photos(place.path("photos"), 12)
    place.write("save.yaml", """name: saves
dag:
  nodes:
    - {id: photos, op: files, config: {path: photos, pattern: "*.{jpg,png,webp}"}}
    - {id: image, op: load, inputs: [photos]}
    - {id: saved, op: save, inputs: [image], config: {to: "out/{stem}.png"}}
    - {id: many, op: count, inputs: [saved]}
""")
    filler = fill(out)
    gcctl = Popen(place, "run", "save.yaml", "--json")
    wait_for("gcctl to say what the run waits for", lambda: "No space left on device" in gcctl.said())
    expect(gcctl.said(), "something waits and is tried again: ")
    run = place.json("ls")[0]["run"]
    shown = place.json("show", run)
    check(shown["state"] == "running" and shown["nodes"]["saved"]["failed"] == 0, f"infra fails nobody: {shown}")
    expect(shown["text"], "No space left on device")
    os.unlink(filler)
    subprocess.run(["mount", "-o", "remount,size=64m", out], check=True)
    shown = json.loads(gcctl.ends(0))
    accounted(shown)
    check(shown["state"] == "completed" and shown["results"]["many"] == 12 and shown["text"] == "", f"{shown}")
    check(len(os.listdir(out)) == 12, f"the outputs and nothing else: {os.listdir(out)}")
    place.gcctl("run", "save.yaml", "-q")  # the same bytes are there: done


def log_of(daemon):
    with open(daemon.log, errors="replace") as f:
        return f.read()


def shared(place, state):
    os.makedirs(place.path("worker"), exist_ok=True)
    endpoint = f"ipc://{place.path('gc.sock')}"
    start = ["gc-coordinator", "--listen", endpoint, "--state", state]
    coordinator = place.start(*start)
    wait_for("the coordinator", lambda: "event=listening" in log_of(coordinator))
    place.start("gc-worker", "--connect", endpoint, "--state", place.path("worker"), "--executors", "2", "--root", place.dir)
    place.env["GRAPHCAP_ENDPOINT"] = endpoint
    return coordinator, start


def stalled_by_a_full_disk(place):
    """A run on a coordinator whose disk has no room left, and whose user has been told."""
    disk = tiny_disk(place, "disk", "2m")
    if not disk:
        return None
    state = os.path.join(disk, "state")
    os.makedirs(state)
    write_lines(place, 200)
    place.write("naps.yaml", naps(0.05))
    coordinator, start = shared(place, state)
    gcctl = Popen(place, "run", "naps.yaml", "--json")
    run = wait_for("the run to be under way", lambda: naps_done(place))
    told = rows(place, run, "nap")  # what anybody was told is durable
    filler = fill(disk)
    wait_for("the coordinator to find the disk full", lambda: fill(disk) and "disk_full" in log_of(coordinator))
    wait_for("gcctl to say why the run stands still", lambda: "is full" in gcctl.said())
    expect(gcctl.said(), "waiting: the disk of the coordinator's state folder is full", "goes on by itself when there is room")
    kept = rows(place, run, "nap")
    check(told and all(row in kept for row in told), "reading goes on, and nothing is lost")

    def make_room():
        os.unlink(filler)
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)

    def completes():
        shown = json.loads(gcctl.ends(0))
        accounted(shown)
        check(shown["state"] == "completed" and shown["results"]["many"] == 200, f"{shown}")
        after = rows(place, run, "nap")
        check([row["item"] for row in after] == list(range(200)), "each item once")
        check(all(row in after for row in kept), "what was told is what there is")

    return coordinator, start, make_room, completes, gcctl


def test_full_state(place):
    stall = stalled_by_a_full_disk(place)
    if not stall:
        return
    coordinator, _, make_room, completes, gcctl = stall
    refused = place.gcctl("submit", "naps.yaml", code=None, timeout=120)
    check(refused.returncode not in (0, 130) and refused.out == "", f"{refused.returncode} {refused.out}")
    expect(refused.err, "the disk of the coordinator's state folder is full")
    make_room()
    completes()
    expect(gcctl.said(), "the coordinator goes on")
    check(coordinator.poll() is None, "it was the same process all the time")


def test_full_state_and_a_kill(place):
    """It dies before there is room, must not start without any, and gets from its worker what it could not store."""
    stall = stalled_by_a_full_disk(place)
    if not stall:
        return
    coordinator, start, make_room, completes, _ = stall
    coordinator.kill()
    coordinator.wait()
    again = place.start(*start)
    check(again.wait(timeout=60) != 0, "a term that cannot be written is not begun")
    expect(log_of(again), "event=failed error=full", "database or disk is full")
    make_room()
    again = place.start(*start)
    completes()
    joined = [line for line in log_of(again).splitlines() if "event=joined role=worker" in line]
    check(joined and "held=0 " not in joined[0], f"the worker has kept what was not stored: {joined}")


# ---- nobody, or somebody else ----

def test_nobody(place):
    write_lines(place, 3)
    place.write("naps.yaml", naps(0))
    for endpoint in ("ipc:///nowhere", f"ipc://{place.path('nothing.sock')}"):
        for command in (("run", "naps.yaml"), ("ls",), ("wait", "r-aaaa")):
            done = place.gcctl(*command, "--connect", endpoint, code=3, timeout=60)
            expect(done.err, f"{endpoint}: no coordinator answers there", f"gc-coordinator --listen {endpoint} --state DIR")
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(place.path("stale.sock"))
    stale.close()
    done = place.gcctl("ls", "--connect", f"ipc://{place.path('stale.sock')}", code=3, timeout=60)
    expect(done.err, "no coordinator answers there")


class Zmtp:
    """Enough of ZMTP 3.0 (NULL) to say a message of our own making over a unix socket."""

    def __init__(self, sock, kind):
        self.sock = sock
        sock.settimeout(60)
        sock.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
        check(self.take(64)[10] >= 3, "the other side speaks ZMTP 3")
        ready = b"\x05READY" + b"\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
        sock.sendall(bytes([4, len(ready)]) + ready)

    def take(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            check(more, "the other side has closed the connection")
            data += more
        return data

    def send(self, frame):
        self.sock.sendall(bytes([0, len(frame)]) + frame)

    def recv(self):
        """The first frame of the next message; the others and commands are passed over."""
        first, more = None, True
        while more:
            flags = self.take(1)[0]
            size = struct.unpack(">Q", self.take(8))[0] if flags & 2 else self.take(1)[0]
            data = self.take(size)
            if flags & 4:
                continue
            first = data if first is None else first
            more = flags & 1
        return first


MAGIC, HELLO, ERROR = b"GC", 1, 8


def frame_of(version, kind):
    return MAGIC + bytes([version, kind]) + struct.pack("<IQQQQ", 1, 0, 0, 1, 0) + b"\x90"


def test_other_version_of_the_coordinator(place):
    """A coordinator of another release, as far as its first byte goes."""
    path = place.path("other.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)

    def serve():
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            try:
                peer = Zmtp(sock, b"ROUTER")
                check(peer.recv()[:2] == MAGIC, "it says HELLO in our protocol")
                peer.send(frame_of(9, 2))
                peer.recv()
            except (OSError, AssertionError):
                sock.close()

    threading.Thread(target=serve, daemon=True).start()
    for command in (("ls",), ("run", "naps.yaml")):
        done = place.gcctl(*command, "--connect", f"ipc://{path}", code=8, timeout=60)
        expect(done.err, f"ipc://{path}", "another version; use programs of one release", "version 9", "version 1")
    listener.close()


def test_other_version_of_a_client(place):
    """The coordinator answers it in its own version, which says enough, and goes on with the others."""
    os.makedirs(place.path("fresh"))
    shared(place, place.path("fresh"))
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(place.env["GRAPHCAP_ENDPOINT"][len("ipc://"):])
    peer = Zmtp(sock, b"DEALER")
    peer.send(frame_of(9, HELLO))
    answer = peer.recv()
    check(answer[:2] == MAGIC and answer[3] == ERROR, f"{answer!r}")
    expect(answer.decode(errors="replace"), "it speaks version 9, this program version 1")
    sock.close()
    place.json("ls")


# ---- Ctrl-C ----

def test_interrupt_once(place):
    write_lines(place, 120)
    place.write("naps.yaml", naps(0.1))
    gcctl = Popen(place, "run", "naps.yaml")
    run = wait_for("the run to be under way", lambda: naps_done(place))
    gcctl.send_signal(signal.SIGINT)
    gcctl.ends(130)
    expect(gcctl.said(), "paused", f"gcctl resume {run}")
    check(place.json("show", run)["state"] == "paused", "the run is paused")
    kept = rows(place, run, "nap")
    check(kept and len(kept) < 120, f"{len(kept)} of 120 were done")
    place.gcctl("resume", run)
    shown = json.loads(place.gcctl("wait", run, "--json").out)
    accounted(shown)
    check(shown["state"] == "completed" and shown["results"]["many"] == 120, f"{shown}")
    after = rows(place, run, "nap")
    check([row["item"] for row in after] == list(range(120)), "each item once")
    check(all(row in after for row in kept), "what was done stays done")


def test_interrupt_twice(place):
    write_lines(place, 120)
    place.write("naps.yaml", naps(0.5))
    gcctl = Popen(place, "run", "naps.yaml")
    run = wait_for("the run to be under way", lambda: naps_done(place))
    gcctl.send_signal(signal.SIGINT)
    wait_for("gcctl to say that it paused", lambda: "paused" in gcctl.said())
    gcctl.send_signal(signal.SIGINT)
    gcctl.ends(130)
    expect(gcctl.said(), f"cancelled {run}")
    shown = place.json("show", run)
    check(shown["state"] == "cancelled", f"{shown}")
    accounted(shown)
    done = rows(place, run, "nap")
    check(len(done) == shown["nodes"]["nap"]["done"], "what was done before is there")
    place.gcctl("resume", run, code=None)
    check(place.json("show", run)["state"] == "cancelled", "and stays so")


def test_versions(place):
    for program, libraries in (("gcctl", ("libzmq ", "czmq ", "msgpack ", "jansson ", "libyaml ", "libsodium ")),
                               ("gc-coordinator", ("libzmq ", "czmq ", "msgpack ", "SQLite ", "libsodium ")),
                               ("gc-worker", ("libzmq ", "czmq ", "msgpack ", "jansson ", "libvips ", "glib ", "libsodium "))):
        done = subprocess.run([os.path.join(harness.BIN, program), "--version"], stdout=subprocess.PIPE, timeout=60)
        expect(done.stdout.decode(), *libraries)


def at_end(place):
    while place.mounts:
        path = place.mounts.pop()
        subprocess.run(["umount", "-l", path], check=False)


TESTS = [test_versions, test_job_files, test_missing_source, test_no_items, test_broken_files, test_unreadable, test_full_outputs,
         test_full_state, test_full_state_and_a_kill, test_nobody, test_other_version_of_the_coordinator,
         test_other_version_of_a_client, test_interrupt_once, test_interrupt_twice]
chosen = sys.argv[1:]


def run_all():
    for test in TESTS:
        if chosen and test.__name__ not in chosen:
            continue
        place = harness.Place(test.__name__.removeprefix("test_").replace("_", "-"))
        place.mounts = []
        atexit.register(at_end, place)
        write_lines(place, 3)
        place.write("naps.yaml", naps(0))
        began = time.monotonic()
        test(place)
        place.end()
        at_end(place)
        print(f"{test.__name__}: fine ({time.monotonic() - began:.1f} s)", flush=True)


run_all()
for reason in left_out:
    print(f"left out: {reason}")
print("errors: all are told, and nothing is lost")
