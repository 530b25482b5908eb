/* SPDX-License-Identifier: ISC
 *
 * Tests of what the kernel refuses, where nothing is refused.
 */
#ifndef LAMPWATCH_UNCONFINED_H
#define LAMPWATCH_UNCONFINED_H

#include <stdlib.h>

/* tests/lint/valgrind runs the test: valgrind knows neither seccomp(2) nor Landlock. After
 * cmocka.h.
 */
#define SKIP_UNCONFINED()                                                                          \
	do {                                                                                       \
		if (getenv("LAMPWATCH_UNCONFINED") != NULL)                                        \
			skip();                                                                    \
	} while (0)

#endif
