"""gcctl against the real daemons, embedded: what each command prints and where, exit codes, prefixes, cursors, Ctrl-C, and a
coordinator that dies under a waiting gcctl.

No pictures are needed: a list of lines through `echo`, with a `fail` beside it and a `count` below.
"""
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

for daemon in ("gc-coordinator", "gc-worker"):
    if not os.access(os.path.join(harness.BIN, daemon), os.X_OK):
        harness.skip(f"{daemon} is not built")

ITEMS = 300
place = harness.Place("gcctl")
with open(place.path("items.txt"), "wb") as f:
    for i in range(ITEMS):
        f.write(b"line-%d\n" % i if i != 7 else b"line-\xff-7\n")

place.write("good.yaml", """
name: good
tags: {release: v1.0}
dag:
  nodes:
    - {id: lines, op: list, config: {path: items.txt}}
    - {id: said, op: echo, inputs: [lines]}
    - {id: total, op: count, inputs: [said]}
""")
place.write("bad.yaml", """
name: bad
dag:
  nodes:
    - {id: lines, op: list, config: {path: items.txt}}
    - {id: said, op: echo, inputs: [lines]}
    - {id: broken, op: fail, inputs: [lines], config: {how: error, items: 10}}
""")
place.write("blame.yaml", """
name: blame
dag:
  nodes:
    - {id: lines, op: list, config: {path: items.txt}}
    - {id: broken, op: fail, inputs: [lines], config: {how: crash, items: [3, 8]}}
    - {id: below, op: echo, inputs: [broken]}
    - {id: beside, op: echo, inputs: [lines]}
""")
place.write("refused.yaml", """
name: refused
dag:
  nodes:
    - {id: lines, op: list, config: {path: items.txt}}
    - {id: picky, op: fail, inputs: [lines], config: {items: soon}}
    - {id: total, op: count, inputs: [picky]}
""")
place.write("slow.yaml", """
name: slow
dag:
  nodes:
    - {id: lines, op: list, config: {path: items.txt}}
    - {id: nap, op: sleep, inputs: [lines], config: {seconds: 0.2}}
""")
place.write("wrong.yaml", """
name: wrong
dag:
  nodes:
    - {id: a, op: echoo}
    - {id: b, op: echo, inputs: [nowhere]}
""")


def test_run():
    done = place.gcctl("run", "good.yaml")
    check(done.out == "", f"people's text goes to stderr, not {done.out!r}")
    check("\x1b" not in done.err and "\r" not in done.err, "no escape codes in a pipe")
    report = place.gcctl("run", "good.yaml", "--json", "-q")
    check(report.err == "", f"-q is quiet: {report.err!r}")
    run = json.loads(report.out)
    check(run["state"] == "completed" and run["items"] == ITEMS, f"{run}")
    for node in ("lines", "said"):
        check(run["nodes"][node]["done"] == ITEMS and run["nodes"][node]["total"] == ITEMS, f"{node}: {run['nodes'][node]}")
    check(run["results"]["total"] == ITEMS, f"results inline: {run['results']}")
    for key in ("seconds", "items_per_second", "megapixels_per_second"):
        check(isinstance(run[key], (int, float)), key)
    return run["run"]


def test_queries(run):
    shown = place.json("show", run[:8])
    check(shown["run"] == run and shown["results"]["total"] == ITEMS, f"show by prefix: {shown}")
    check(run in place.gcctl("show", run).out, "show prints on stdout")
    rows = place.json("ls", "--tag", "release=v1.0", "--state", "completed")
    check(run in [row["run"] for row in rows], f"ls: {rows}")
    check(place.json("ls", "--tag", "release=v2") == [], "a tag that no run has")
    workers = place.json("workers")
    check(len(workers) == 1 and workers[0]["executors"] >= 1, f"workers: {workers}")
    names = [op["name"] for op in place.json("ops")["ops"]]
    check("echo" in names and names == sorted(names), "ops are sorted")
    check("echo" in place.gcctl("ops", "echo").out, "one op")
    place.gcctl("ops", "ecko", code=2)
    check(place.json("plan", run)["stages"][0]["kind"] == "source", "the plan begins with its source")
    place.gcctl("show", "r-zzzzzzzz", code=7)
    place.gcctl("show", "nonsense", code=2)
    place.gcctl("results", run, "--node", "nowhere", code=7)


def lines(*args):
    return [json.loads(line) for line in place.gcctl("results", *args).out.splitlines()]


def test_results(run):
    rows = lines(run, "--node", "said")
    check([row["item"] for row in rows] == list(range(ITEMS)), "by item")
    check(rows[3]["source"] == "line-3" and rows[3]["run"] == run and rows[3]["node"] == "said", f"{rows[3]}")
    check(rows[7]["source"] == "line-\ufffd-7" and rows[7]["source_base64"] == "bGluZS3/LTc=", f"{rows[7]}")
    check(lines(run, "--node", "said", "--after", rows[99]["cursor"]) == rows[100:], "--after goes on")
    followed = lines(run, "--follow", "--node", "said")
    check(sorted(row["item"] for row in followed) == list(range(ITEMS)), "--follow: all of them, and it ends")
    check(len(lines(run, "--follow", "--node", "said", "--after", followed[41]["cursor"])) == ITEMS - 42, "--follow --after")
    everything = lines(run)
    total = [row for row in everything if row["node"] == "total"]
    check(total and total[0]["item"] is None and total[0]["source"] is None and total[0]["value"] == ITEMS, f"{total}")
    check(len(everything) == ITEMS + 1, "all nodes but the source")
    check([row["value"] for row in lines(run, "--node", "lines", "--limit", "2")] == ["line-0", "line-1"], "a source lists")
    place.gcctl("results", run, "--after", "nonsense", code=2)


def test_failures():
    done = place.gcctl("run", "bad.yaml", "--json", code=5)
    run = json.loads(done.out)["run"]
    check("op-error" in done.err or "x " in done.err, "the report names causes")
    rows = [json.loads(line) for line in place.gcctl("failures", run, "--format", "jsonl").out.splitlines()]
    check(rows and all(row["node"] == "broken" and row["run"] == run for row in rows), f"{rows[:2]}")
    for key in ("item", "source", "cause", "message", "worker", "attempts"):
        check(key in rows[0], f"{key} is missing: {rows[0]}")
    table = list(csv.reader(io.StringIO(place.gcctl("failures", run, "--format", "csv").out)))
    check(len(table) == len(rows) + 1 and table[1][2] == rows[0]["source"], f"{table[:2]}")
    paths = place.gcctl("failures", run, "--format", "paths").stdout.split(b"\n")[:-1]
    check(len(paths) == len(rows), "a path a line")
    check(f"{len(rows)} x" in place.gcctl("failures", run).out, "grouped by cause first")
    place.gcctl("failures", run, "--format", "xml", code=2)
    check(place.gcctl("failures", run, "--warnings", "--format", "jsonl").out == "", "no warnings")
    place.gcctl("run", "bad.yaml", "-q", "--allow-partial")


def test_blame():
    """A node that crashes its executor costs itself and what hangs on it, not its siblings."""
    shown = json.loads(place.gcctl("run", "blame.yaml", "--json", "--limit", "12", code=5).out)
    counts = {node: [shown["nodes"][node][k] for k in ("done", "failed", "skipped")] for node in ("broken", "below", "beside")}
    check(counts == {"broken": [10, 2, 0], "below": [10, 0, 2], "beside": [12, 0, 0]}, f"{counts}")
    rows = [json.loads(line) for line in place.gcctl("failures", shown["run"], "--format", "jsonl").out.splitlines()]
    told = [(row["node"], row["item"], row["cause"], row["attempts"]) for row in rows]
    check(told == [("broken", 3, "crash", 2), ("broken", 8, "crash", 2)], f"{rows}")
    check(all("SIGABRT" in row["message"] for row in rows), f"{rows}")


def test_refused_program():
    """What only a worker can refuse fails the items, and is not tried for ever."""
    shown = json.loads(place.gcctl("run", "refused.yaml", "--json", code=5).out)
    check(shown["nodes"]["picky"]["failed"] == ITEMS and shown["results"]["total"] == 0, f"{shown}")
    told = place.gcctl("failures", shown["run"]).out
    check("op-error" in told and "items: neither a number above 0 nor a list of item numbers" in told, told)


def test_wrong_jobs():
    done = place.gcctl("validate", "wrong.yaml", code=2)
    check("wrong.yaml:5: node 'a': op: " in done.err, f"the catalogue's problem: {done.err}")
    check("wrong.yaml:6: node 'b': inputs: Node 'b' depends on undefined node 'nowhere'" in done.err, f"the shape's: {done.err}")
    check(place.gcctl("run", "wrong.yaml", code=2).err.count("wrong.yaml:") >= 2, "run says both too")
    answer = json.loads(place.gcctl("validate", "wrong.yaml", "--json", code=2).out)
    check(not answer["ok"] and len(answer["problems"]) == 2, f"{answer}")
    check(json.loads(place.gcctl("validate", "good.yaml", "--json").out) == {"ok": True, "problems": []}, "a right one")
    place.gcctl("run", "good.yaml", "--dry-run")
    place.gcctl("run", "not-there.yaml", code=2)
    place.gcctl("run", "good.yaml", "--set", "nowhere.x=1", code=2)


def test_control():
    run = place.gcctl("submit", "slow.yaml").out.strip()
    check(run.startswith("r-") and len(run) == 28, f"submit prints the id: {run!r}")
    for _ in range(2):
        place.gcctl("pause", run)
    check(place.json("show", run)["state"] == "paused", "paused")
    for _ in range(2):
        place.gcctl("resume", run)
    check(place.json("show", run)["state"] == "running", "resumed")
    for _ in range(2):
        place.gcctl("cancel", run)
    shown = json.loads(place.gcctl("wait", run, "--json", code=6).out)
    nap = shown["nodes"]["nap"]
    check(shown["state"] == "cancelled" and nap["done"] + nap["failed"] + nap["skipped"] == nap["total"], f"{shown}")


def popen(*args):
    return subprocess.Popen([os.path.join(harness.BIN, "gcctl"), *args], env=place.env, cwd=place.dir, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def running_run(name):
    for row in place.json("ls"):
        if row["job"] == name and row["state"] == "running" and place.json("show", row["run"])["nodes"]["nap"]["done"]:
            return row["run"]
    return None


def test_interrupt():
    gcctl = popen("run", "slow.yaml")
    run = harness.wait_for("the run to be under way", lambda: running_run("slow"))
    gcctl.send_signal(signal.SIGINT)
    _, err = gcctl.communicate(timeout=60)
    check(gcctl.returncode == 130, f"exit {gcctl.returncode}: {err}")
    check(f"gcctl resume {run}" in err, f"it says how to go on: {err}")
    check(place.json("show", run)["state"] == "paused", "the run is paused")
    place.gcctl("resume", run)
    gcctl = popen("wait", run)
    time.sleep(0.5)
    gcctl.send_signal(signal.SIGINT)
    _, err = gcctl.communicate(timeout=60)
    check(gcctl.returncode == 130 and place.json("show", run)["state"] == "running", "wait: the run goes on")
    place.gcctl("cancel", run)


def test_coordinator_dies():
    gcctl = popen("run", "slow.yaml", "--json")
    run = harness.wait_for("the run to be under way", lambda: running_run("slow"))
    for pid, (_, command) in harness.processes().items():
        if place.dir in command and "gc-coordinator" in command.split(" ")[0]:
            os.kill(pid, signal.SIGKILL)
    out, err = gcctl.communicate(timeout=300)
    check(gcctl.returncode == 0, f"exit {gcctl.returncode}: {err}\n{place.logs()}")
    ended = json.loads(out)
    check(ended["run"] == run and ended["nodes"]["nap"]["done"] == ITEMS, f"{ended}")


def test_nobody():
    place.gcctl("ls", "--connect", "ipc:///tmp/graphcap-nobody.sock", code=3)
    place.gcctl("ls", "--connect", "tcp://127.0.0.1:1", code=2)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([os.path.join(harness.BIN, "gcctl"), "ls"], env=place.env, stdout=full, stderr=subprocess.PIPE)
    check(done.returncode == 1 and b"No space left" in done.stderr, f"a full disk is told: {done.stderr}")


run_id = test_run()
test_queries(run_id)
test_results(run_id)
test_failures()
test_blame()
test_refused_program()
test_wrong_jobs()
test_control()
test_interrupt()
test_coordinator_dies()
test_nobody()
print("gcctl: all commands behave")
