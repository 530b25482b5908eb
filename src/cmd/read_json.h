/* SPDX-License-Identifier: ISC */
#ifndef LAMPWATCH_READ_JSON_H
#define LAMPWATCH_READ_JSON_H

struct buffer;
struct reading;

/* Adds the reading as one JSON object on one line, "format": 1, with the rows in the reading's
 * order. */
void reading_json(const struct reading *reading, struct buffer *out);

#endif
