/* SPDX-License-Identifier: ISC */
#ifndef LAMPWATCH_READ_LIMIT_H
#define LAMPWATCH_READ_LIMIT_H

/*
 * From here on this process takes no more time and memory than a reader of a
 * run (watch/reader.h): beyond that it ends with one line that names the
 * command and the word, which is what the user asked to be read, and EXIT_PENDING.
 */
void read_limit(const char *command, const char *word);

#endif
