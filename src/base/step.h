/* SPDX-License-Identifier: ISC
 *
 * Places where a crash may come between two things that must both happen. With the
 * build option `steps`, each place that is passed adds a line "N WHAT" to the file that the
 * environment variable LAMPWATCH_STEPS_FILE names, N counting how often this process has passed
 * it; a process that passes the place in LAMPWATCH_KILL_AT_STEP, given as such a line, kills itself
 * (SIGKILL), so that a test can prove of each that nothing is lost. The run, its courier and each
 * attempt are processes of their own, and no two of them share a place. Without the option this is
 * nothing.
 */
#ifndef LAMPWATCH_STEP_H
#define LAMPWATCH_STEP_H

#include "settings.h"

#if LAMPWATCH_STEPS
void step_passed(const char *what);
#define STEP(what) step_passed(what)
#else
#define STEP(what) ((void)0)
#endif

#endif
