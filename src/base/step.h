/* SPDX-License-Identifier: ISC
 *
 * Places where a crash may come between two things that must both happen. With
 * the build option `steps`, the environment variable LAMPWATCH_KILL_AT_STEP=N kills the program
 * at the N-th place it passes, so that a test can prove of each that nothing is lost.
 * Without the option this is nothing.
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
