/* SPDX-License-Identifier: ISC
 *
 * Places where a crash could separate two things that must both happen. With the
 * build option `steps`, each passed place adds a line "N WHAT" to the file that the
 * environment variable LAMPWATCH_STEPS_FILE names; N counts how often this process has passed
 * it. A process that passes the place in LAMPWATCH_KILL_AT_STEP, given as such a line, kills itself
 * (SIGKILL), so that a test can prove for each place that nothing is lost. The run, its courier and
 * each attempt are separate processes, and no two of them share a place. Without the option STEP()
 * does nothing.
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
