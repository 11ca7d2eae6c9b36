"""SIGKILLs of executors, workers and the coordinator under a photograph job: the same bytes come out, each item once.

The job sets retries and suspicions to 1000: the kills are not the items' fault. GC_KILLS (20), GC_KILL_SEED, GC_KILL_PHOTOS.
"""
import hashlib
import json
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

SANITIZED = bool(os.environ.get("GC_SANITIZE"))
KILLS = int(os.environ.get("GC_KILLS") or (6 if SANITIZED else 20))
SEED = int(os.environ.get("GC_KILL_SEED") or 1)
PHOTOS = int(os.environ.get("GC_KILL_PHOTOS") or (48 if SANITIZED else 240))
LAYOUTS = [[1], [1, 1], [3, 4]]  # executors of each worker: 1, 2 and 7 in all

pictures = harness.Place("kill-pictures")
harness.make_photos(pictures.path("photos"), PHOTOS, 1200, 900)


class Fleet:
    def __init__(self, name, layout):
        self.place = harness.Place(name)
        os.symlink(pictures.path("photos"), self.place.path("photos"))
        self.place.write("job.yaml", harness.PHOTOS)
        self.endpoint = f"ipc://{self.place.path('gc.sock')}"
        self.place.env["GRAPHCAP_ENDPOINT"] = self.endpoint
        os.mkdir(self.place.state)
        for i, _ in enumerate(layout):
            os.mkdir(self.place.path(f"worker{i}"))
        self.layout = layout
        self.coordinator = None
        self.workers = [None] * len(layout)
        self.ending = threading.Event()
        self.starts = 0
        self.keeper = threading.Thread(target=self.keep)
        self.keeper.start()

    def keep(self):
        """What a service manager does: starts again whatever has died."""
        while not self.ending.wait(0.02):
            if not self.coordinator or self.coordinator.poll() is not None:
                self.coordinator = self.place.start("gc-coordinator", "--listen", self.endpoint, "--state", self.place.state,
                                                    log="coordinator.log")
                self.starts += 1
            for i, executors in enumerate(self.layout):
                if not self.workers[i] or self.workers[i].poll() is not None:
                    self.workers[i] = self.place.start("gc-worker", "--connect", self.endpoint, "--state", self.place.path(f"worker{i}"),
                                                       "--executors", executors, "--root", "/", log=f"worker{i}.log")
                    self.starts += 1

    def end(self):
        self.ending.set()
        self.keeper.join()
        for proc in [*self.workers, self.coordinator]:
            if proc and proc.poll() is None:
                proc.terminate()
        for proc in [*self.workers, self.coordinator]:
            proc.wait(60)

    def victims(self):
        found = [("coordinator", self.coordinator.pid)] if self.coordinator else []
        for worker in self.workers:
            if worker:
                found.append(("worker", worker.pid))
                found += [("child", pid) for pid in harness.descendants(worker.pid)]
        return found


def account(place, run):
    """All that a run left: outputs by digest, results by node, reduced values."""
    files = {}
    for root, _, names in os.walk(place.path("out")):
        for name in names:
            with open(os.path.join(root, name), "rb") as f:
                files[os.path.relpath(os.path.join(root, name), place.path("out"))] = hashlib.sha256(f.read()).hexdigest()
    results = {}
    for line in place.gcctl("results", run).out.splitlines():
        row = json.loads(line)
        key = (row["node"], row["item"])
        check(key not in results, f"two results for {key}")
        results[key] = json.dumps([row["source"] and os.path.basename(row["source"]), row["value"]], sort_keys=True)
    return files, results


def one(layout, kills, seed):
    rng = random.Random(seed)
    fleet = Fleet(f"kills{sum(layout)}", layout)
    place = fleet.place
    done = {"coordinator": 0, "worker": 0, "child": 0}
    try:
        harness.wait_for("the coordinator's socket", lambda: os.path.exists(place.path("gc.sock")))
        run = place.gcctl("submit", "job.yaml").out.strip()
        waiter = threading.Thread(target=lambda: place.gcctl("wait", run, code=None, timeout=900))
        waiter.start()
        kinds = ["coordinator", "worker", "child"]
        while sum(done.values()) < kills and waiter.is_alive():
            time.sleep(rng.uniform(0.05, 0.5))
            kind = rng.choice(kinds)
            victims = [pid for k, pid in fleet.victims() if k == kind]
            if victims:
                try:
                    os.kill(rng.choice(victims), signal.SIGKILL)
                    done[kind] += 1
                except ProcessLookupError:
                    pass
        waiter.join()
        # The last kill may have come after the run's end: its coordinator is on the way back.
        harness.wait_for("the coordinator", lambda: place.gcctl("show", run, code=None).returncode == 0)
        place.gcctl("wait", run, code=None, timeout=900)
        shown = place.json("show", run)
        check(shown["state"] == "completed", f"{shown}\n{place.gcctl('failures', run, code=None).out[:2000]}\n{place.logs()}")
        for name, n in shown["nodes"].items():
            check(n["done"] + n["failed"] + n["skipped"] == n["total"], (name, n))
        return account(place, run), shown["results"], done
    finally:
        fleet.end()


calm, calm_results, _ = one([2], 0, 0)
check(len(calm[0]) == PHOTOS, f"{len(calm[0])} files of {PHOTOS}")
for layout in LAYOUTS:
    got, results, done = one(layout, KILLS, SEED * 1000 + sum(layout))
    check(got[0] == calm[0], f"{layout}: outputs differ")
    check(got[1] == calm[1], f"{layout}: results differ: "
          f"{[(k, calm[1].get(k), got[1].get(k)) for k in sorted(set(calm[1]) | set(got[1]), key=str) if calm[1].get(k) != got[1].get(k)][:3]}")
    check(results == calm_results, f"{layout}: reduced values differ: {results} {calm_results}")
    check(sum(done.values()) > 0, "no kill was done before the run ended")
    print(f"{sum(layout)} executors, {len(layout)} workers: kills {done}: outputs, results, count, histogram, summary as undisturbed")
