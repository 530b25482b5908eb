/* SPDX-License-Identifier: ISC
 *
 * Times are seconds since 1970 in UTC (int64_t). Text is RFC 3339.
 */
#ifndef LAMPWATCH_DATE_H
#define LAMPWATCH_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATE_TEXT_MAX = 64 };

/*
 * Parses the dates that pages use: RFC 3339 with or without fraction and offset (a blank may
 * replace the T, the seconds may be missing), Go's "2025-09-12 19:20:02 +0200
 * +0200", RFC 822 (RFC 5322) with a numeric or US zone, GMT, UT, UTC or Z, any number
 * of blanks and an optional day name, epoch seconds (10 digits) or
 * milliseconds (13). No zone means UTC. False if it is not understood or before 1990.
 */
bool date_parse(const char *text, int64_t *time);

/* "2014-01-24T19:20:00Z" into out. */
void date_write(int64_t time, char out[static DATE_TEXT_MAX]);

/* "2014-01-24T192000Z": the form in folder names. */
void date_write_compact(int64_t time, char out[static DATE_TEXT_MAX]);

/* The time of a "20140124192000", as web archives write it; false where it is none. */
bool date_stamp(const char *text, int64_t *time);

/* date_parse(), then date_write(); "" if it is not understood. */
void date_normalise(const char *text, char out[static DATE_TEXT_MAX]);

/* RFC 5322: "Fri, 24 Jan 2014 19:20:00 +0000", in any locale. */
void date_write_mail(int64_t time, char out[static DATE_TEXT_MAX]);

/*
 * For people, in the IANA zone: "Fri 24 Jan 2014 20:20:00 CET". zone NULL is UTC.
 * Sets the process's TZ, unless the zone is UTC.
 */
void date_write_local(int64_t time, const char *zone, char out[static DATE_TEXT_MAX]);

/* For people, short: "2014-01-24 20:20 CET". zone as above. */
void date_write_short(int64_t time, const char *zone, char out[static DATE_TEXT_MAX]);

/* The zone's offset from UTC at that time, in seconds east. zone NULL is UTC. TZ as above. */
int date_offset(int64_t time, const char *zone);

/* True if the system knows the zone. Where it does not, errno may say why it could not be looked
 * up. */
bool date_zone_known(const char *zone);

/* "12 min", "1 h 03 min", "2 d 4 h", "40 s". */
void date_write_duration(int64_t seconds, char out[static DATE_TEXT_MAX]);

/*
 * The period that a prefix of RFC 3339 names ("2014-01", "2014-01-24T19"): its
 * first or last second. Anything else is parsed by date_parse(); false if that fails.
 */
bool date_prefix_begin(const char *prefix, int64_t *first);
bool date_prefix_end(const char *prefix, int64_t *last);

#endif
