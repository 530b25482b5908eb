/* SPDX-License-Identifier: ISC
 *
 * What is done although nothing can be written down, but not each time: at most hourly,
 * remembered where that takes no space on a full disk, in a file's own time of change.
 */
#ifndef LAMPWATCH_HOURLY_H
#define LAMPWATCH_HOURLY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True where an hour has passed since this was true of the file at path, which is remembered;
 * also where its time lies in the future, for then the clock was set back, and where it cannot
 * be remembered. now: seconds since 1970.
 */
bool hourly(const char *path, int64_t now);

#endif
