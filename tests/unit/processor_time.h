/* SPDX-License-Identifier: ISC
 *
 * Bounds of the processor's time, of what could take very much more of it.
 */
#ifndef LAMPWATCH_PROCESSOR_TIME_H
#define LAMPWATCH_PROCESSOR_TIME_H

#include <stdlib.h>
#include <time.h>

/* Fails where more than so many seconds have passed since began, a clock(). Where
 * tests/lint/valgrind runs the test they are none: it takes some fifty times as long. */
#define assert_processor_time(began, seconds)                                                      \
	assert_true((double)(clock() - (began)) / CLOCKS_PER_SEC < (seconds) ||                    \
		    getenv("LAMPWATCH_SLOW") != NULL)

#endif
