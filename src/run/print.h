/* SPDX-License-Identifier: ISC
 *
 * What several commands print in the same form.
 */
#ifndef LAMPWATCH_PRINT_H
#define LAMPWATCH_PRINT_H

#include <stdio.h>

struct buffer;
struct config;
struct error;
struct problem;
struct problems;

/* Adds `FILE:LINE: text` or `FILE:LINE: warning: text`; without the line where the file as a whole
 * is meant. */
void problem_write(const struct problem *problem, struct buffer *out);

/*
 * Prints each problem on standard error, one a line, in the order of the list:
 * as problem_write() does.
 */
void problems_print(const struct problems *problems);

/* What they make of the exit status: EXIT_LOCAL where one of them is this machine's, else
 * EXIT_USAGE; EXIT_DONE without errors. */
int problems_status(const struct problems *problems);

/* Prints the table of what each kind of process is kept from on this machine (base/confine.h), and
 * the launcher's row. */
void confinement_print(const struct config *config, FILE *out);

/*
 * Flushes standard output. Returns the exit status, EXIT_LOCAL after a line where not all could be
 * written. Where whoever read it has gone, as head(1) does, it ends this process by SIGPIPE, as
 * any other program would be.
 */
int print_finish(int status);

/* Prints the error on standard error. Returns EXIT_USAGE where the configuration must be changed,
 * else EXIT_LOCAL. */
int error_print(const struct error *error);

#endif
