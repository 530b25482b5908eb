/* SPDX-License-Identifier: ISC
 *
 * What a run leaves for Prometheus: one file in its text exposition format
 * (version 0.0.4), for the textfile collector of the node exporter.
 */
#ifndef LAMPWATCH_METRICS_H
#define LAMPWATCH_METRICS_H

#include <stdbool.h>
#include <stdint.h>

struct buffer;
struct config;
struct database;
struct error;

struct metrics {
	const struct config *config;
	struct database *database; /* NULL: it could not be opened, and nothing is known of pages */
	int64_t now;               /* UTC seconds: when the run began */
	double duration;           /* seconds */
	int status;                /* the run's exit status */
};

/* Writes the configuration's file, whole; true where it names none. */
bool metrics_write(const struct metrics *metrics, struct error *error);

/* Adds what the exposition says of a gauge, and one of its labels: label="value", with the value's
 * backslashes, quotes and line ends escaped. Pure. */
void metrics_head(struct buffer *out, const char *name, const char *help);
void metrics_label(struct buffer *out, const char *label, const char *value);

#endif
