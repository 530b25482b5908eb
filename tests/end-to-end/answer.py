# SPDX-License-Identifier: ISC
"""Somebody at a terminal: answer.py SCRIPT COMMAND... runs the command on a pseudo terminal and, for each
line "QUESTION|ANSWER" of the script, waits for the question and types the answer; ^C and ^D are those keys. Prints
what was shown, and ends with the exit status of the command, or 128 and the number of the signal that ended it."""
import os
import pty
import select
import sys
import time

LIMIT = 20  # seconds, for all of it
KEYS = {"^C": b"\x03", "^D": b"\x04"}


def read_more(terminal, end):
    """What the terminal shows next; None when the program has closed it."""
    ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
    if not ready:
        raise TimeoutError
    try:
        return os.read(terminal, 65536) or None
    except OSError:
        return None


def talk(terminal, steps, end, shown):
    """Adds what was shown to shown, piece by piece."""
    seen = 0
    for question, answer in steps:
        while shown.find(question, seen) < 0:
            more = read_more(terminal, end)
            if more is None:
                shown += b"\n[the question did not come: " + question + b"]\n"
                return
            shown += more
        seen = shown.index(question, seen) + len(question)
        os.write(terminal, KEYS.get(answer, answer.encode() + b"\r"))
    while (more := read_more(terminal, end)) is not None:
        shown += more


def main():
    with open(sys.argv[1], encoding="utf-8") as script:
        lines = [line.rstrip("\n").split("|", 1) for line in script if line.strip()]
    steps = [(question.encode(), answer) for question, answer in lines]
    process, terminal = pty.fork()
    if process == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    shown = bytearray()
    try:
        talk(terminal, steps, time.monotonic() + LIMIT, shown)
    except TimeoutError:
        os.kill(process, 9)
        shown += b"[nothing more came]\n"
    sys.stdout.write(shown.decode("utf-8", "replace").replace("\r\n", "\n"))
    sys.stdout.flush()
    _, status = os.waitpid(process, 0)
    sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


main()
