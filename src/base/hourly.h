/* SPDX-License-Identifier: ISC
 *
 * For actions that must be limited to once an hour even on a full disk: the last time is kept in a
 * file's own modification time, which takes no space.
 */
#ifndef LAMPWATCH_HOURLY_H
#define LAMPWATCH_HOURLY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True, and recorded, if an hour has passed since this was last true for the file at path;
 * also if the recorded time is in the future (the clock was set back) or cannot
 * be recorded. now: seconds since 1970.
 */
bool hourly(const char *path, int64_t now);

#endif
