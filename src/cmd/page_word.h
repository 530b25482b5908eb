/* SPDX-License-Identifier: ISC
 *
 * The word with which `read`, `add` and `kinds` are told what to read: an address, a file, or "-"
 * for standard input.
 */
#ifndef LAMPWATCH_PAGE_WORD_H
#define LAMPWATCH_PAGE_WORD_H

#include <stdbool.h>

struct buffer;
struct error;

/* Whether it is an address; otherwise it is a file or "-". */
bool page_word_is_address(const char *word);

/* The address that is meant by a host name without "https://", with or without a path: as in
 * "status.example.org". Owned by the caller; NULL where the word is no host name with a dot. */
char *page_word_guess(const char *word);

/* Reads the file, or standard input: at most 64 MiB. Release body in both cases. */
bool page_word_read(const char *word, struct buffer *body, struct error *error);

/* Prints the error with the command and the word in front. Returns EXIT_PENDING, or EXIT_LOCAL
 * where it is this machine's. */
int page_word_complain(const char *command, const char *word, const struct error *error);

#endif
