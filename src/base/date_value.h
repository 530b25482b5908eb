/* SPDX-License-Identifier: ISC
 *
 * A time as templates and programs get it.
 */
#ifndef LAMPWATCH_DATE_VALUE_H
#define LAMPWATCH_DATE_VALUE_H

#include <stdint.h>

struct value;

/* Puts name (RFC 3339, UTC) and NAME_local (for people, in the IANA zone; NULL: UTC) under map: a
 * time, twice. 0 puts empty texts. */
void value_put_time(struct value *map, const char *name, int64_t time, const char *zone);

#endif
