#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs a command and says what it and all that it starts take of memory together.

    peak.py FILE COMMAND [WORD…]

Adds a line to FILE: the largest sum of the proportional set sizes (smaps_rollup, proc(5)), in kilobytes, looked at every
20 ms. Memory that several processes share counts once. Exit status: the command's."""
import os
import subprocess
import sys
import time


def children(process):
    try:
        with open("/proc/%d/task/%d/children" % (process, process)) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def share(process):
    try:
        with open("/proc/%d/smaps_rollup" % process) as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except OSError:
        return 0


def together(process):
    return share(process) + sum(together(child) for child in children(process))


def main(path, *command):
    peak = 0
    running = subprocess.Popen(command)
    while running.poll() is None:
        peak = max(peak, together(running.pid))
        time.sleep(0.02)
    with open(path, "a") as file:
        file.write("%d\n" % peak)
    return running.returncode


sys.exit(main(*sys.argv[1:]))
