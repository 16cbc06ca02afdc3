#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""terminal.py KEYS COMMAND...: types KEYS at a command's prompt, on a terminal of its own, and prints what the terminal
showed. KEYS is written as in Python ("\\x03" is Ctrl-C). Fails if the terminal echoed at the prompt, or does not when the
command has ended; else the status is the command's."""

import fcntl
import os
import pty
import select
import sys
import termios
import time

keys = sys.argv[1].encode().decode("unicode_escape").encode()
# The terminal outlives the command, and can be asked.
master, keep = pty.openpty()
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(keep, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(keep, fd)
    os.closerange(3, 256)
    os.execvp(sys.argv[2], sys.argv[2:])


def echoes() -> bool:
    return bool(termios.tcgetattr(keep)[3] & termios.ECHO)


shown, typed, end, status = b"", False, time.time() + 30, None
while time.time() < end:
    if select.select([master], [], [], 0.1)[0]:
        shown += os.read(master, 4096)
    elif status is not None:
        break
    if not typed and b"Passphrase for" in shown and not echoes():
        typed = True
        os.write(master, keys)
    if status is None:
        done, code = os.waitpid(pid, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(code)
sys.stdout.write(shown.decode(errors="replace"))
if not typed:
    sys.exit("terminal.py: it never asked without echo")
if not echoes():
    sys.exit("terminal.py: the terminal was left without echo")
sys.exit(200 if status is None else status if status >= 0 else 128 - status)
