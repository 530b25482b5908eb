/* SPDX-License-Identifier: ISC
 *
 * Elapsed time, independent of the calendar.
 */
#ifndef LAMPWATCH_CLOCK_H
#define LAMPWATCH_CLOCK_H

#include <stdint.h>

/* Milliseconds since an arbitrary moment, the same while the machine is up (CLOCK_MONOTONIC). */
int64_t clock_milliseconds(void);

/* Those of the processor that this thread has used. */
int64_t clock_processor_milliseconds(void);

#endif
