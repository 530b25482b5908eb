/* SPDX-License-Identifier: ISC
 *
 * What went wrong, and what can be done about it. Functions that can fail take
 * a struct error on the caller's stack, return false (or NULL, or -1) and fill
 * it in. Only main, run and cmd print one; libraries of ours never do (but see error_fatal()).
 */
#ifndef LAMPWATCH_ERROR_H
#define LAMPWATCH_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum remedy {
	REMEDY_LATER = 1,     /* passes by itself: try again */
	REMEDY_PAGE,          /* page and kind disagree: somebody must look */
	REMEDY_RECEIVER,      /* this receiver is bad; others are not */
	REMEDY_CONFIGURATION, /* the user's files: exit status 2 */
	REMEDY_LOCAL,         /* disk, database, archive of this machine: exit status 3 */
};

enum { ERROR_TEXT_MAX = 1024 };

struct error {
	enum remedy remedy;
	char text[ERROR_TEXT_MAX]; /* one line of UTF-8, no control characters */
};

/*
 * Fills in error (may be NULL) and returns false, so that a function may end
 * with `return error_set(…)`. What could deceive (text_deceptive()) and bytes that
 * are not UTF-8 become '?': the text may carry foreign words and goes to a terminal.
 */
bool error_set(struct error *error, enum remedy remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of what stands there. Returns false. */
bool error_prefix(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * For what no caller could mend: no memory, a library without what it is there for. Prints
 * "lampwatch: what" and ends this process at once with exit status 3; what was committed is
 * committed, and the next run goes on.
 */
_Noreturn void error_fatal(const char *what);

/* From here on error_fatal() prints nothing: for a child whose parent says what became of it. */
void error_silence(void);

/*
 * A list of complaints about files that a person wrote, each with its place,
 * so that all are reported at once. Zero-initialised; problems_release() frees.
 */
struct problem {
	char *file;
	int line; /* 1 is the first; 0: the file as a whole */
	char *text;
	bool warning; /* worth saying, but does not make the file wrong */
};

struct problems {
	struct problem *list;
	size_t count;
	size_t errors; /* those that are not warnings */
};

void problems_add(struct problems *problems, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void problems_warn(struct problems *problems, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void problems_release(struct problems *problems);

#endif
