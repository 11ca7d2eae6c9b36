"""A list of lines through echo, embedded: every line answered once, in order, with the right hash; counts add up.

GC_ECHO_ITEMS sets how many (a million by hand, fewer in the suite: the way is the same from a few pages on). Reports time and
the peak memory of each process; judges neither but for the coordinator's 64 MB, which is a promise.
"""
import json
import os
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

ITEMS = int(os.environ.get("GC_ECHO_ITEMS") or (20000 if os.environ.get("GC_SANITIZE") else 100000))
SANITIZED = bool(os.environ.get("GC_SANITIZE"))

place = harness.Place("echo")
place.write("job.yaml", harness.ECHO)
with open(place.path("items.txt"), "w") as f:
    f.writelines(f"https://example.org/picture/{i:07d}.jpg\n" for i in range(ITEMS))

MASK = (1 << 64) - 1
P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)


def rotl(x, r):
    return ((x << r) | (x >> (64 - r))) & MASK


def xxh64(data, seed=0):
    """XXH64, written from its specification: the independent judge of what `echo` returns."""
    n, at = len(data), 0

    def merge(acc, value):
        value = (rotl((value * P2) & MASK, 31) * P1) & MASK
        return ((acc ^ value) * P1 + P4) & MASK

    if n >= 32:
        v = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK]
        while at + 32 <= n:
            for i in range(4):
                lane = int.from_bytes(data[at + 8 * i:at + 8 * i + 8], "little")
                v[i] = (rotl((v[i] + lane * P2) & MASK, 31) * P1) & MASK
            at += 32
        h = (rotl(v[0], 1) + rotl(v[1], 7) + rotl(v[2], 12) + rotl(v[3], 18)) & MASK
        for value in v:
            h = merge(h, value)
    else:
        h = (seed + P5) & MASK
    h = (h + n) & MASK
    while at + 8 <= n:
        k = (rotl((int.from_bytes(data[at:at + 8], "little") * P2) & MASK, 31) * P1) & MASK
        h = (rotl(h ^ k, 27) * P1 + P4) & MASK
        at += 8
    if at + 4 <= n:
        h = (rotl(h ^ ((int.from_bytes(data[at:at + 4], "little") * P1) & MASK), 23) * P2 + P3) & MASK
        at += 4
    while at < n:
        h = (rotl(h ^ ((data[at] * P5) & MASK), 11) * P1) & MASK
        at += 1
    h = ((h ^ (h >> 33)) * P2) & MASK
    h = ((h ^ (h >> 29)) * P3) & MASK
    return h ^ (h >> 32)


check(xxh64(b"") == 0xEF46DB3751D8E999 and xxh64(b"abc") == 0x44BC2CF5AD770999, "the judge itself")

peaks = {}
ended = threading.Event()


def watch():
    while not ended.wait(0.02):
        pids = place.private_pids()
        for pid in pids + [p for pid in pids for p in harness.descendants(pid)]:
            command = harness.processes().get(pid, (0, "?"))[1].split(" ")
            name = os.path.basename(command[0]) + ("" if len(command) < 2 or not command[1].startswith("--z") else " " + command[1])
            peaks[(pid, name)] = max(peaks.get((pid, name), 0), harness.vm_hwm(pid))


watcher = threading.Thread(target=watch)
watcher.start()
try:
    begin = time.monotonic()
    run = place.gcctl("submit", "job.yaml").out.strip()
    submitted = time.monotonic()
    place.gcctl("wait", run)
    done = time.monotonic()
finally:
    ended.set()
    watcher.join()

shown = place.json("show", run)
check(shown["state"] == "completed", shown)
check(shown["items"] == ITEMS, shown)
for node in ("said",):
    n = shown["nodes"][node]
    check((n["total"], n["done"], n["failed"], n["skipped"]) == (ITEMS, ITEMS, 0, 0), n)
check(shown["results"]["many"] == ITEMS, shown["results"])

reader = subprocess.Popen([os.path.join(harness.BIN, "gcctl"), "results", run, "--node", "said"], env=place.env, cwd=place.dir,
                          stdout=subprocess.PIPE)
count = 0
for line in reader.stdout:
    row = json.loads(line)
    text = f"https://example.org/picture/{count:07d}.jpg"
    check(row["item"] == count and row["node"] == "said" and row["run"] == run, f"line {count}: {line}")
    check(row["source"] == text, f"line {count}: {line}")
    check(row["value"]["item"] == count, f"line {count}: {line}")
    check(row["value"]["hash"] == f"{xxh64(text.encode()):016x}", f"line {count}: {line}")
    count += 1
check(reader.wait() == 0, "gcctl results failed")
check(count == ITEMS, f"{count} lines, not {ITEMS}")

print(f"{ITEMS} items: submit answered in {submitted - begin:.3f} s (start of the private coordinator included), "
      f"submit to last result {done - submitted:.3f} s, {ITEMS / (done - submitted):,.0f} tasks/s")
for (pid, name), peak in sorted(peaks.items()):
    print(f"  VmHWM {peak / 1e6:8.1f} MB  {name} ({pid})")
    if "gc-coordinator" in name and not SANITIZED:
        check(peak < 64e6, f"the coordinator used {peak} bytes")
# A reducer that reads the source itself: its stage has no node of its own.
place.write("listed.yaml", "name: listed\ndag:\n  nodes:\n    - {id: lines, op: list, config: {path: items.txt}}\n"
            "    - {id: many, op: count, inputs: [lines]}\n")
listed = place.json("run", "listed.yaml")
check(listed["state"] == "completed" and listed["results"]["many"] == ITEMS, listed)
check(any("gc-coordinator" in name for _, name in peaks), "no coordinator was seen")
check(re.fullmatch(r"r-[a-z2-7]{26}", run), run)
