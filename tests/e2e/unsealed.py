"""A worker whose executors cannot be sealed runs nothing, and says what is open and what to do.

A kernel that has no filters of system calls and no Landlock is played by a filter of this test's own: for the worker and all that it
starts, prctl(PR_SET_SECCOMP) and the calls of Landlock do not exist.
"""
import ctypes
import os
import platform
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import check  # noqa: E402

if os.environ.get("GC_SANITIZE"):
    harness.skip("executors of a sanitizer's build are not sealed")
PRCTL = {"x86_64": 157, "aarch64": 167}.get(platform.machine()) or harness.skip(f"no numbers of system calls for {platform.machine()}")
SECCOMP, LANDLOCK_CREATE = {157: 317, 167: 277}[PRCTL], 444

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF, RETURN = 0x20, 0x15, 0x06  # of struct seccomp_data's words: 0 the number, 16 the first argument's low half
ALLOW, NO_SUCH = 0x7FFF0000, 0x00050000 | 38


def without(landlock):
    """A program for the kernel: what it must not know, if Landlock also."""
    steps = [(LOAD, 0, 0, 0), (JUMP_IF, 0, 1, SECCOMP), (RETURN, 0, 0, NO_SUCH)]
    if landlock:
        steps += [(JUMP_IF, 0, 1, LANDLOCK_CREATE), (RETURN, 0, 0, NO_SUCH)]
    steps += [(JUMP_IF, 0, 3, PRCTL), (LOAD, 0, 0, 16), (JUMP_IF, 0, 1, PR_SET_SECCOMP), (RETURN, 0, 0, NO_SUCH), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps), len(steps)


def forget(landlock):
    """In the child, before it is the worker."""
    libc = ctypes.CDLL(None, use_errno=True)
    code, count = without(landlock)
    room = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", count, ctypes.addressof(room))
    for call in ((PR_SET_NO_NEW_PRIVS, 1, 0), (PR_SET_SECCOMP, MODE_FILTER, program)):
        if libc.prctl(*call, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


place = harness.Place("unsealed")
os.mkdir(place.path("worker"))
for hidden in (True, False):
    done = subprocess.run([os.path.join(harness.BIN, "gc-worker"), "--connect", f"ipc://{place.path('gc.sock')}", "--state",
                           place.path("worker"), "--root", "/"], preexec_fn=lambda: forget(hidden), env=place.env, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = done.stderr.decode()
    check(done.returncode > 0, f"exit {done.returncode}: {said}")
    check("event=failed" in said and "executors cannot be sealed here: image code could" in said, said)
    # Landlock alone closes files, and nothing of the rest; not every kernel has it.
    check(not hidden or "Landlock: no" in said, said)
    check(("open files" in said) == ("Landlock: no" in said), said)
    for part in ("start processes", "system calls are not filtered", "seccomp filters"):
        check(part in said, f"{part!r} is missing in {said}")
    check("event=joined" not in said, said)
print("without filters of system calls a worker refuses to run, with Landlock and without")
