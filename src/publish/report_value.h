/* SPDX-License-Identifier: ISC
 *
 * A report as values, for JSON and for the template of its HTML. Pure.
 */
#ifndef LAMPWATCH_REPORT_VALUE_H
#define LAMPWATCH_REPORT_VALUE_H

#include <stdint.h>

struct config;
struct measures;
struct report_page;
struct value;

enum { REPORT_SHARE_MAX = 16 };

/* "99.912 %", "100 %", "-" where millionths is negative. Rounded down. */
void report_share(int64_t millionths, char out[static REPORT_SHARE_MAX]);

/* The availability; where too little is known for that figure, how much is: "known 12 %", "known
 * < 1 %". */
void report_availability(const struct measures *measures, char out[static REPORT_SHARE_MAX]);

/*
 * A map: name, title, since, until, indicators: a list of maps with id, label, availability (in
 * percent, "" where too little is known), known_share (how much is known, in percent), seconds and
 * words of each kind of time, outages, and for charts bars (x and width in thousandths, y and
 * height in tenths, colour). Times are both RFC 3339 and, under NAME_local, in the configured zone.
 * Owned by the caller.
 */
struct value *report_page_value(const struct report_page *page, const struct config *config);

/* Puts since and until in the same form. */
void report_put_times(struct value *map, int64_t since, int64_t until, const struct config *config);

#endif
