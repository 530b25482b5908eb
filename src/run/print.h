/* SPDX-License-Identifier: ISC
 *
 * What several commands print in the same form.
 */
#ifndef LAMPWATCH_PRINT_H
#define LAMPWATCH_PRINT_H

struct error;
struct problems;

/*
 * Prints each problem on standard error, one a line, in the order of the list:
 * `FILE:LINE: text` or `FILE:LINE: warning: text`; without the line where the
 * file as a whole is meant.
 */
void problems_print(const struct problems *problems);

/* Prints the error on standard error. Returns EXIT_USAGE where the configuration must be changed,
 * else EXIT_LOCAL. */
int error_print(const struct error *error);

#endif
