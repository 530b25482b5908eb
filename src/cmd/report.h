/* SPDX-License-Identifier: ISC
 *
 * Shared by the two reports, of availability (report.c) and of lag (report_lag.c).
 */
#ifndef LAMPWATCH_COMMAND_REPORT_H
#define LAMPWATCH_COMMAND_REPORT_H

#include <stdint.h>

struct buffer;
struct context;
struct database;
struct value;

enum form { FORM_TEXT, FORM_JSON, FORM_HTML, FORM_CSV };

struct report {
	const struct context *context;
	struct database *database; /* NULL: there is no archive yet */
	int64_t since, until, now;
	enum form form;
	struct value *list; /* of --json and --html: pages, or providers */
};

/* One field and its comma (RFC 4180); and of what others wrote, which no spreadsheet takes for a
 * formula. */
void report_csv_field(const char *text, struct buffer *out);
void report_csv_foreign(const char *text, struct buffer *out);

/* The report of lag, of the pages that are named if any are: prints it, or adds it to the list.
 * Returns the exit status. */
int report_lag(const struct report *report, char **names);

#endif
