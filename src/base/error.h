/* SPDX-License-Identifier: ISC
 *
 * What went wrong, and what can be done about it. Functions that can fail take
 * a struct error on the caller's stack, fill it in and return false (or NULL, or -1).
 * Only main, run and cmd print errors, except for error_fatal().
 */
#ifndef LAMPWATCH_ERROR_H
#define LAMPWATCH_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum remedy {
	REMEDY_LATER = 1,     /* temporary: try again */
	REMEDY_PAGE,          /* page and kind disagree: somebody must look */
	REMEDY_RECEIVER,      /* this receiver is bad; others are not */
	REMEDY_CONFIGURATION, /* the user's files: exit status 2 */
	REMEDY_LOCAL,         /* disk, database, archive of this machine: exit status 3 */
};

enum { ERROR_TEXT_MAX = 1024 };

struct error {
	enum remedy remedy;
	int number;                /* errno of the call that failed (system_error.h); 0: none */
	char text[ERROR_TEXT_MAX]; /* one line of UTF-8, no control characters */
};

/*
 * Fills in error (may be NULL) and returns false, so that a function may end
 * with `return error_set(…)`. Deceptive characters (text_deceptive()) and bytes that
 * are not UTF-8 become '?', because the text may contain foreign words and goes to a terminal.
 */
bool error_set(struct error *error, enum remedy remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the text. Returns false. */
bool error_prefix(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * For failures that no caller can handle: no memory, a library that cannot do its basic work.
 * Prints "lampwatch: what" and ends this process at once with exit status 3; what is committed
 * stays committed, and the next run continues.
 */
_Noreturn void error_fatal(const char *what);

/* Makes error_fatal() silent: for a child whose parent reports how it ended. */
void error_silence(void);

/*
 * A list of problems in files that people write, each with its place,
 * so that all are reported at once. Zero-initialised; problems_release() frees it.
 */
struct problem {
	char *file;
	int line; /* 1 is the first; 0: the file as a whole */
	char *text;
	bool warning; /* does not make the file invalid */
};

struct problems {
	struct problem *list;
	size_t count;
	size_t errors; /* without the warnings */
	size_t local;  /* of these, this machine's (system_error.h): exit status 3, not 2 */
};

void problems_add(struct problems *problems, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void problems_warn(struct problems *problems, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Says that the error that was added last comes from that errno: it may be this machine's and not
 * the file's. Returns false. */
bool problems_own(struct problems *problems, int number);
/* Adds the error of a file that could not be read; a text that begins with its name is given
 * without it. */
void problems_add_error(struct problems *problems, const char *file, const struct error *error);
/* Puts neighbours of one file, from the one at place first on, into the order of their lines. */
void problems_sort(struct problems *problems, size_t first);
void problems_release(struct problems *problems);

#endif
