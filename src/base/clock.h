/* SPDX-License-Identifier: ISC
 *
 * Time that passes, whatever the calendar is set to.
 */
#ifndef LAMPWATCH_CLOCK_H
#define LAMPWATCH_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment that stays the same while the machine is up (CLOCK_MONOTONIC). */
int64_t clock_milliseconds(void);

#endif
