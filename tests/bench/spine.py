#!/usr/bin/env python3
"""Figures of the way through everything, embedded: not judged here, printed as a table and as JSON (--json FILE).

  spine.py echo [ITEMS]        submit-to-last-commit of a list -> echo job, tasks/s, peak memory of each process
  spine.py cancel [ITEMS]      how long `cancel` in the middle takes, and until no child is alive
  spine.py fair                a ten-image run alone, and beside a million-item run
Medians of five. GC_BIN names the folder of the programs.
"""
import json
import os
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e", "lib"))
import harness  # noqa: E402

ROUNDS = int(os.environ.get("GC_ROUNDS", "5"))


def lines(place, count):
    with open(place.path("items.txt"), "w") as f:
        f.writelines(f"https://example.org/picture/{i:08d}.jpg\n" for i in range(count))


def peaks_of(place, stop, peaks):
    while not stop.wait(0.02):
        table = harness.processes()
        for pid in place.private_pids():
            for p in [pid] + harness.descendants(pid):
                words = table.get(p, (0, "?"))[1].split(" ")
                name = " ".join([os.path.basename(words[0])] + [w for w in words[1:2] if w in ("--zygote", "--lister")])
                peaks[(p, name)] = max(peaks.get((p, name), 0), harness.vm_hwm(p))


def echo(count):
    rates, peaks, answers = [], {}, []
    for _ in range(ROUNDS):
        place = harness.Place("bench")
        place.write("job.yaml", harness.ECHO)
        lines(place, count)
        place.gcctl("ls")  # starts the private coordinator
        stop = threading.Event()
        watcher = threading.Thread(target=peaks_of, args=(place, stop, peaks))
        watcher.start()
        begin = time.monotonic()
        run = place.gcctl("submit", "job.yaml").out.strip()
        answers.append(time.monotonic() - begin)
        place.gcctl("wait", run)
        wall = time.monotonic() - begin
        stop.set()
        watcher.join()
        shown = place.json("show", run)
        harness.check(shown["state"] == "completed" and shown["results"]["many"] == count, shown)
        rates.append(count / wall)
        place.end()
    by_name = {}
    for (_, name), peak in peaks.items():
        by_name[name] = max(by_name.get(name, 0), peak)
    return {"items": count, "tasks_per_second": statistics.median(rates), "seconds": count / statistics.median(rates),
            "submit_seconds": statistics.median(answers), "peak_bytes": by_name}


def cancel(count):
    took, gone = [], []
    for _ in range(ROUNDS):
        place = harness.Place("bench")
        place.write("job.yaml", harness.ECHO.replace("op: echo", "op: sleep").replace("inputs: [lines]}", "inputs: [lines], config: {seconds: 0.5}}"))
        lines(place, count)
        run = place.gcctl("submit", "job.yaml").out.strip()
        harness.wait_for("results", lambda: place.json("show", run)["nodes"]["said"]["done"] > 0)
        begin = time.monotonic()
        place.gcctl("cancel", run)
        took.append(time.monotonic() - begin)
        busy = lambda: [p for w in place.private_pids() for p in harness.descendants(w) if state_of(p) == "busy"]  # noqa: E731
        harness.wait_for("executors to be idle", lambda: not busy())
        gone.append(time.monotonic() - begin)
        n = place.json("show", run)["nodes"]["said"]
        harness.check(n["done"] + n["failed"] + n["skipped"] == n["total"], n)
        place.end()
    return {"items": count, "cancel_seconds": statistics.median(took), "children_idle_seconds": statistics.median(gone)}


def state_of(pid):
    """An executor that works on `sleep` is in a nanosleep; one that waits for work is in a poll or recvmsg."""
    try:
        with open(f"/proc/{pid}/wchan") as f:
            return "busy" if "nanosleep" in f.read() else "idle"
    except OSError:
        return "idle"


def fair():
    small = """name: ten
dag:
  nodes:
    - {id: photos, op: files, config: {path: photos}}
    - {id: image, op: load, inputs: [photos]}
    - {id: little, op: thumbnail_image, inputs: [image], config: {width: 512}}
    - {id: tone, op: describe, inputs: [little]}
"""
    alone, beside = [], []
    for _ in range(ROUNDS):
        place = harness.Place("bench")
        harness.make_photos(place.path("photos"), 10, 2000, 1500)
        place.write("ten.yaml", small)
        place.write("large.yaml", harness.ECHO.replace("op: echo", "op: sleep").replace("inputs: [lines]}", "inputs: [lines], config: {seconds: 0.001}}", 1))
        lines(place, 1000000)
        place.gcctl("run", "ten.yaml")  # warm
        begin = time.monotonic()
        place.gcctl("run", "ten.yaml")
        alone.append(time.monotonic() - begin)
        large = place.gcctl("submit", "large.yaml").out.strip()
        harness.wait_for("the large run's results", lambda: place.json("show", large)["nodes"]["said"]["done"] > 1000)
        begin = time.monotonic()
        place.gcctl("run", "ten.yaml")
        beside.append(time.monotonic() - begin)
        harness.check(place.json("show", large)["state"] == "running", "the large run ended too soon")
        place.gcctl("cancel", large)
        place.end()
    a, b = statistics.median(alone), statistics.median(beside)
    return {"alone_seconds": a, "beside_seconds": b, "bound_seconds": 2 * a + 0.5, "within": b <= 2 * a + 0.5}


def main():
    args = [a for a in sys.argv[1:] if a != "--json"]
    what = args[0] if args else "echo"
    count = int(args[1]) if len(args) > 1 and args[1].isdigit() else 1000000
    result = {"echo": lambda: echo(count), "cancel": lambda: cancel(min(count, 100000)), "fair": fair}[what]()
    print(json.dumps({what: result}, indent=2))


if __name__ == "__main__":
    main()
