"""gc-coordinator as a daemon, with nobody to talk to: it starts, refuses what it must, ends, and comes back in a higher term."""
import os
import re
import signal
import socket
import sqlite3
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from harness import BIN, Place, check, skip, wait_for  # noqa: E402

if not os.path.exists(os.path.join(BIN, "gc-coordinator")):
    skip("gc-coordinator is not built")

place = Place("coordinator")
endpoint = f"ipc://{place.path('c.sock')}"


def log_of(proc):
    with open(proc.log) as f:
        return f.read()


def start(*extra, state=place.state, at=endpoint):
    return place.start("gc-coordinator", "--listen", at, "--state", state, *extra)


def up(*extra):
    """Started, and answering; its term."""
    proc = start(*extra)
    wait_for("the coordinator listens", lambda: "event=listening" in log_of(proc) or proc.poll() is not None)
    found = re.search(r"event=listening .*term=(\d+)", log_of(proc))
    check(found, f"it did not come up: {log_of(proc)}")
    return proc, int(found.group(1))


def ends(proc, code, said=""):
    check(proc.wait(timeout=30) == code, f"exit {proc.returncode}, not {code}: {log_of(proc)}")
    check(said in log_of(proc), f"'{said}' is not said: {log_of(proc)}")


# A missing folder, a folder of other things, and what is left of one: refused, each by name.
ends(start(), 7, "no such state folder")
os.mkdir(place.state, 0o755)
place.write("state/holiday.jpg", "x")
ends(start(), 4, "holiday.jpg")
os.remove(place.path("state", "holiday.jpg"))
os.mkdir(place.path("state", "artifacts"))
ends(start(), 1, "graphcap.db is not")
os.rmdir(place.path("state", "artifacts"))

# An empty one becomes a state folder, and says so. Systemd is told when somebody may connect.
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(place.path("notify"))
notify.settimeout(30)
place.env["NOTIFY_SOCKET"] = place.path("notify")
first, term = up()
check(notify.recv(100).startswith(b"READY=1"), "systemd is told")
del place.env["NOTIFY_SOCKET"]
check(term == 1 and "event=state_initialised" in log_of(first), log_of(first))
check(stat.S_IMODE(os.stat(place.state).st_mode) == 0o700, "the folder is its owner's")
for name in os.listdir(place.state):
    check(stat.S_IMODE(os.lstat(place.path("state", name)).st_mode) & 0o077 == 0, f"{name} is its owner's")
check(stat.S_IMODE(os.stat(place.path("c.sock")).st_mode) == 0o600, "so is the socket")

# A second one on the folder is refused and told who has it; the first does not mind.
ends(start(at=f"ipc://{place.path('d.sock')}"), 1, f"pid {first.pid}")
check(first.poll() is None, "the first goes on")

# SIGTERM ends it with 0; killed, it comes back; each life is a term.
first.send_signal(signal.SIGTERM)
ends(first, 0, "event=ended")
check(notify.recv(100).startswith(b"STOPPING=1"), "systemd is told that it stops")
second, term = up()
check(term == 2, f"term {term}")
second.kill()
second.wait()
third, term = up()
check(term == 3, f"term {term}")
third.send_signal(signal.SIGINT)
ends(third, 0, "event=ended")

# Not on a plain TCP port, and not on somebody's file.
ends(start(at="tcp://127.0.0.1:45454"), 4)
place.write("file", "x")
ends(start(at=f"ipc://{place.path('file')}"), 1)
with open(place.path("file")) as f:
    check(f.read() == "x", "somebody's file is left alone")

# A private one without worker or client ends by itself.
private, term = up("--private", "--idle", "1s")
ends(private, 0, "event=idle")

# A newer schema is refused, and left as it is.
db = sqlite3.connect(place.path("state", "graphcap.db"))
db.execute("PRAGMA user_version = 99")
db.commit()
db.close()
ends(start(), 8, "newer")

done = os.popen(f"{os.path.join(BIN, 'gc-coordinator')} --version").read()
check(all(word in done for word in ("gc-coordinator", "libzmq", "czmq", "SQLite", "libsodium")), done)
print("ok")
