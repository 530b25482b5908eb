/* SPDX-License-Identifier: ISC
 *
 * Clocks. Elapsed time is independent of the calendar.
 */
#ifndef LAMPWATCH_CLOCK_H
#define LAMPWATCH_CLOCK_H

#include <stdint.h>

/* Milliseconds since an arbitrary moment, the same while the machine is up (CLOCK_MONOTONIC). */
int64_t clock_milliseconds(void);

/* Those of the processor that this thread has used. */
int64_t clock_processor_milliseconds(void);

/* Those since 1970, by the system's clock, which may be set. */
int64_t clock_date_milliseconds(void);

#endif
