"""What becomes of outputs: each whole, once, under its name, and nothing of it beside; whatever is there already, and whoever dies.

`exists` error, skip and overwrite; two items of one name; folders that are missing, or removed meanwhile; links that leave the roots; a
disk that is full in the middle; a worker that is killed; what a reducer writes, and a worker that has no room for what that reads. Full
disks need root and mount(8): those tests say so where they are left out.
"""
import glob
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check, wait_for  # noqa: E402

ITEMS = 24
SEED = int(os.environ.get("GC_OUTPUTS_SEED") or 1)

JOB = """name: outputs
dag:
  nodes:
    - {{id: photos, op: files, config: {{path: photos, pattern: "**/*"}}}}
    - {{id: image, op: load, inputs: [photos]}}
    - {{id: small, op: thumbnail_image, inputs: [image], config: {{width: 64}}}}
    - {{id: saved, op: save, inputs: [small], config: {{to: "{to}", Q: {q}, exists: {exists}}}}}
    - {{id: many, op: count, inputs: [saved]}}
"""

left_out = []
pictures = harness.Place("outputs-pictures")
harness.make_photos(pictures.path("photos"), ITEMS, 320, 240)


def mount(what, path, size):
    """A small disk; False where this user may not have one."""
    os.makedirs(path, exist_ok=True)
    if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "gc-test", path],
                                            stderr=subprocess.DEVNULL).returncode == 0:
        return True
    left_out.append(f"{what}: mounting a small disk needs root")
    return False


class Fleet:
    """A coordinator and a worker whose one root is the test's folder."""

    def __init__(self, name, items=ITEMS, executors=2, place=None):
        self.place = place or harness.Place(name)
        self.executors = executors
        os.mkdir(self.place.path("photos"))
        for path in sorted(glob.glob(pictures.path("photos", "*")))[:items]:
            shutil.copy(path, self.place.path("photos"))
        self.endpoint = f"ipc://{self.place.path('gc.sock')}"
        self.place.env["GRAPHCAP_ENDPOINT"] = self.endpoint
        os.mkdir(self.place.state)
        os.makedirs(self.place.path("worker"), exist_ok=True)
        self.coordinator = self.place.start("gc-coordinator", "--listen", self.endpoint, "--state", self.place.state,
                                            log="coordinator.log")
        wait_for("the coordinator", lambda: "event=listening" in open(self.place.path("coordinator.log")).read())
        self.start_worker()

    def start_worker(self):
        self.worker = self.place.start("gc-worker", "--connect", self.endpoint, "--state", self.place.path("worker"),
                                       "--executors", self.executors, "--root", self.place.dir, log="worker.log")

    def job(self, to="out/{stem}.webp", exists="error", q=80):
        self.place.write("job.yaml", JOB.format(to=to, exists=exists, q=q))

    def run(self, code=0, **job):
        self.job(**job)
        done = self.place.gcctl("run", "job.yaml", "--json", code=code)
        shown = json.loads(done.out)
        for node, n in shown["nodes"].items():
            check(n["done"] + n["failed"] + n["skipped"] == n["total"], f"{node}: {n}")
        return shown

    def failures(self, shown):
        out = self.place.gcctl("failures", shown["run"], "--format", "jsonl").out
        return [json.loads(line) for line in out.splitlines()]

    def files(self, folder="out"):
        """name -> digest of all below the folder, hidden ones too."""
        found = {}
        for root, _, names in os.walk(self.place.path(folder)):
            for name in names:
                with open(os.path.join(root, name), "rb") as f:
                    found[os.path.relpath(os.path.join(root, name), self.place.path(folder))] = hashlib.sha256(f.read()).hexdigest()
        return found

    def tidy(self, folder="out"):
        left = [name for name in self.files(folder) if ".graphcap" in name]
        check(not left, f"temporaries are left: {left}")

    def end(self):
        for proc in (self.worker, self.coordinator):
            if proc.poll() is None:
                proc.terminate()
        for proc in (self.worker, self.coordinator):
            proc.wait(60)
        self.place.end()


def cached(shown):
    return shown["nodes"]["saved"]["cached"]


def test_a_second_night():
    """skip does only what is new, error finds its own bytes, and neither touches a file."""
    fleet = Fleet("second-night", ITEMS - 4)
    fleet.run(exists="skip")
    before = fleet.files()
    check(len(before) == ITEMS - 4, f"{len(before)} files")
    times = {name: os.stat(fleet.place.path("out", name)).st_mtime_ns for name in before}
    for path in sorted(glob.glob(pictures.path("photos", "*")))[ITEMS - 4:]:
        shutil.copy(path, fleet.place.path("photos"))
    shown = fleet.run(exists="skip")
    check(cached(shown) == ITEMS - 4, f"{cached(shown)} were there")
    check(shown["results"]["many"] == ITEMS, f"{shown['results']}")
    after = fleet.files()
    check(len(after) == ITEMS and all(after[name] == digest for name, digest in before.items()), "a file has changed")
    shown = fleet.run(exists="error")
    check(cached(shown) == 0 and shown["state"] == "completed", f"{shown}")
    check(fleet.files() == after, "a file has changed")
    for name, at in times.items():
        check(os.stat(fleet.place.path("out", name)).st_mtime_ns == at, f"{name} was written again")
    fleet.tidy()
    fleet.end()


def test_other_bytes():
    """A file of other bytes is never replaced unasked: its item fails, the others do not."""
    fleet = Fleet("other-bytes")
    fleet.run()
    first = fleet.files()
    victims = sorted(first)[::5]
    for name in victims:
        fleet.place.write(os.path.join("out", name), "somebody else's")
    shown = fleet.run(code=5)
    failed = fleet.failures(shown)
    check(len(failed) == len(victims), f"{failed}")
    for f in failed:
        check(f["node"] == "saved" and f["cause"] == "output" and "exists with other bytes" in f["message"], f"{f}")
    check(shown["results"]["many"] == ITEMS - len(victims), f"{shown['results']}")
    for name in victims:
        with open(fleet.place.path("out", name)) as f:
            check(f.read() == "somebody else's", f"{name} was replaced")
    fleet.tidy()
    fleet.end()


def test_overwriting():
    """Who reads meanwhile sees the old bytes or the new ones, whole."""
    fleet = Fleet("overwriting")
    fleet.run(q=20)
    old = fleet.files()
    seen, ending = {name: set() for name in old}, threading.Event()

    def read():
        while not ending.is_set():
            for name in old:
                with open(fleet.place.path("out", name), "rb") as f:
                    seen[name].add(hashlib.sha256(f.read()).hexdigest())

    reader = threading.Thread(target=read)
    reader.start()
    fleet.run(q=90, exists="overwrite")
    ending.set()
    reader.join()
    new = fleet.files()
    check(set(new) == set(old), "other names")
    for name in old:
        check(new[name] != old[name], f"{name} was not replaced")
        check(seen[name] <= {old[name], new[name]}, f"{name} was seen in pieces")
    fleet.tidy()
    fleet.end()


def test_two_of_one_name():
    fleet = Fleet("one-name")
    shown = fleet.run(code=5, to="out/{ext}.webp")
    made, failed = fleet.files(), fleet.failures(shown)
    check(len(made) == shown["results"]["many"] and len(made) + len(failed) == ITEMS, f"{made} {failed}")
    for f in failed:
        check(f["cause"] == "output" and "writes" in f["message"], f"{f}")
    fleet.tidy()
    fleet.end()


def test_folders():
    """Missing ones are made; a link is followed below the root and nowhere else."""
    fleet = Fleet("folders")
    shown = fleet.run(to="new/{ext}/{index}/deep/{name}.webp")
    check(shown["state"] == "completed" and len(fleet.files("new")) == ITEMS, f"{shown}")
    os.mkdir(fleet.place.path("real"))
    os.symlink("real", fleet.place.path("inside"))
    outside = harness.Place("outside")
    os.symlink(outside.dir, fleet.place.path("leaves"))
    fleet.run(to="inside/{name}.webp")
    check(len(fleet.files("real")) == ITEMS, "the link was not followed")
    for to in ("leaves/{name}.webp", "leaves/deep/{name}.webp", "../{name}.webp", "/etc/graphcap-test/{name}.webp"):
        shown = fleet.run(code=5, to=to)
        failed = fleet.failures(shown)
        check(len(failed) == ITEMS, f"{to}: {shown}")
        check({(f["node"], f["cause"]) for f in failed} <= {("saved", "not-allowed"), ("saved", "output")}, f"{failed[0]}")
    check(os.listdir(outside.dir) == [], "something has left the root")
    check(not os.path.exists("/etc/graphcap-test"), "something has left the root")
    fleet.end()


def test_a_folder_that_goes():
    """It is removed while outputs are on their way there: items are done or have failed as output, and the run ends."""
    fleet = Fleet("folder-goes")
    ending = threading.Event()

    def remove():
        while not ending.wait(0.005):
            shutil.rmtree(fleet.place.path("out"), ignore_errors=True)

    remover = threading.Thread(target=remove)
    remover.start()
    shown = fleet.run(code=None)
    ending.set()
    remover.join()
    check(shown["state"] in ("completed", "partial"), f"{shown}")
    for f in fleet.failures(shown):
        check(f["node"] == "saved" and f["cause"] == "output", f"{f}")
    shown = fleet.run()
    check(len(fleet.files()) == ITEMS, "a later run does not make it whole")
    fleet.tidy()
    fleet.end()


def test_a_disk_that_fills_up():
    fleet = Fleet("full-outputs")
    disk = fleet.place.path("out")
    if not mount("a disk that fills up", disk, "256k"):
        fleet.end()
        return
    try:
        with open(os.path.join(disk, "filler"), "wb") as f:
            f.write(b"x" * (220 << 10))
        fleet.job(q=95)
        running = subprocess.Popen([os.path.join(harness.BIN, "gcctl"), "run", "job.yaml", "--json"], env=fleet.place.env,
                                   cwd=fleet.place.dir, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        wait_for("the disk to be full", lambda: os.statvfs(disk).f_bavail == 0 or running.poll() is not None)
        check(running.poll() is None, "the run has ended though its outputs have no room")
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        out, _ = running.communicate(timeout=300)
        shown = json.loads(out)
        check(running.returncode == 0 and shown["nodes"]["saved"]["done"] == ITEMS, f"{shown}")
        check(len(fleet.files()) == ITEMS + 1, f"{sorted(fleet.files())}")
        fleet.tidy()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
        fleet.end()


def test_killed_workers():
    """SIGKILL at any time: after the next start every output is whole, and no temporary is left."""
    fleet = Fleet("killed")
    fleet.run(q=20)
    chance, ending = random.Random(SEED), threading.Event()

    def kill():
        while not ending.wait(chance.uniform(0.02, 0.3)):
            fleet.worker.send_signal(signal.SIGKILL)
            fleet.worker.wait()
            fleet.start_worker()

    for q in (50, 90):
        killer = threading.Thread(target=kill)
        ending.clear()
        killer.start()
        time.sleep(0.3)
        fleet.job(q=q, exists="overwrite")
        fleet.place.write("job.yaml", "policy: {retries: 1000, suspicions: 1000}\n" + open(fleet.place.path("job.yaml")).read())
        running = subprocess.Popen([os.path.join(harness.BIN, "gcctl"), "run", "job.yaml", "--json"], env=fleet.place.env,
                                   cwd=fleet.place.dir, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(2)
        ending.set()
        killer.join()
        out, _ = running.communicate(timeout=300)
        check(running.returncode == 0, f"exit {running.returncode}: {out.decode()[:2000]}")
    killed = fleet.files()
    os.rename(fleet.place.path("out"), fleet.place.path("killed"))
    fleet.run(q=90, exists="overwrite")
    for name in [name for name in killed if ".graphcap" in name]:
        check(False, f"a temporary is left: {name}")
    check(killed == fleet.files(), "other bytes than without kills")
    fleet.end()


def write_collect(place, exists="error"):
    place.write("items.txt", "".join(f"line-{i}\n" for i in range(30000)))
    place.write("job.yaml", f"""name: collected
dag:
  nodes:
    - {{id: lines, op: list, config: {{path: items.txt}}}}
    - {{id: said, op: echo, inputs: [lines]}}
    - {{id: all, op: collect, inputs: [said], config: {{to: out/all.jsonl, exists: {exists}}}}}
""")


def test_what_a_reducer_writes():
    """collect: by the same rules as an item's output, and all of it."""
    fleet = Fleet("collected", items=0)

    def run(exists, code=0):
        write_collect(fleet.place, exists)
        return json.loads(fleet.place.gcctl("run", "job.yaml", "--json", code=code).out)

    shown = run("error")
    with open(fleet.place.path("out", "all.jsonl")) as f:
        rows = [json.loads(line) for line in f]
    check([row["source"] for row in rows] == [f"line-{i}" for i in range(30000)], "not every item, in order")
    check(shown["results"]["all"]["items"] == 30000, f"{shown['results']}")
    run("error")  # the same bytes
    fleet.place.write("out/all.jsonl", "somebody else's")
    shown = run("error", code=None)
    check(shown["nodes"]["all"]["failed"] == 1, f"{shown}")
    check([(f["node"], f["cause"]) for f in fleet.failures(shown)] == [("all", "output")], f"{fleet.failures(shown)}")
    run("skip")
    with open(fleet.place.path("out", "all.jsonl")) as f:
        check(f.read() == "somebody else's", "it was replaced unasked")
    run("overwrite")
    with open(fleet.place.path("out", "all.jsonl")) as f:
        check(len(f.readlines()) == 30000, "it was not replaced")
    fleet.tidy()
    fleet.end()


def test_no_room_for_results():
    """The results that a reducer reads lie in the worker's state folder: without room there the run waits, and the worker says for what."""
    place = harness.Place("no-room")
    disk = place.path("worker")
    if not mount("no room for results", disk, "64k"):
        return
    try:
        fleet = Fleet("no-room", items=0, place=place)
        write_collect(place)
        running = subprocess.Popen([os.path.join(harness.BIN, "gcctl"), "run", "job.yaml", "--json"], env=place.env,
                                   cwd=place.dir, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        told = f"{disk}: there is no room here for the results"
        wait_for("the worker to say what is missing", lambda: told in open(place.path("worker.log")).read())
        check(running.poll() is None, "the run has ended")
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        out, _ = running.communicate(timeout=300)
        shown = json.loads(out)
        check(running.returncode == 0 and shown["results"]["all"]["items"] == 30000, f"{shown}")
        check(sorted(os.listdir(disk)) == ["worker.id", "worker.lock"], f"{os.listdir(disk)}")
        fleet.end()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


TESTS = [test_a_second_night, test_other_bytes, test_overwriting, test_two_of_one_name, test_folders, test_a_folder_that_goes,
         test_a_disk_that_fills_up, test_killed_workers, test_what_a_reducer_writes,
         test_no_room_for_results]
wanted = sys.argv[1:]
for test in TESTS:
    if not wanted or any(name in test.__name__ for name in wanted):
        began = time.monotonic()
        test()
        print(f"{test.__name__}: {time.monotonic() - began:.1f} s", flush=True)
for text in left_out:
    print(f"left out: {text}")
