/* SPDX-License-Identifier: ISC
 *
 * Times for templates and --json.
 */
#ifndef LAMPWATCH_DATE_VALUE_H
#define LAMPWATCH_DATE_VALUE_H

#include <stdint.h>

struct value;

/* Adds a time to map as name (RFC 3339, UTC) and as NAME_local (for people, in the IANA zone; NULL:
 * UTC). A time of 0 adds empty texts. */
void value_put_time(struct value *map, const char *name, int64_t time, const char *zone);

#endif
