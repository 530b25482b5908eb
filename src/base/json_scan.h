/* SPDX-License-Identifier: ISC
 *
 * A fast reader of ordinary JSON (RFC 8259) for json.c; all others call json_visit().
 */
#ifndef LAMPWATCH_JSON_SCAN_H
#define LAMPWATCH_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

enum { JSON_NUMBER_MAX = 32 }; /* bytes of a number's text with its NUL */

/*
 * As json_visit(), but it returns false and visits nothing where the text has something
 * unusual: a mistake, a key twice in one object or with an escape, an integer beyond 18
 * digits, a character U+0000, or a depth or a number of keys that no page has.
 * Texts are not terminated. Pure.
 */
bool json_scan(const char *text, size_t length, bool prefix, const struct json_visitor *visitor);

/* The shortest digits that read back the same, from json.c. */
void json_real_text(double real, char out[static JSON_NUMBER_MAX]);

#endif
