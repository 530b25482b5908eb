/* SPDX-License-Identifier: ISC
 *
 * The Wayback Machine's Save Page Now ("SPN2 Public API"): a capture of an address is asked for,
 * and afterwards what became of it. One request at a time.
 *
 *   POST BASE/save, with url=ADDRESS       {"url": …, "job_id": JOB}; of a capture of this hour its
 *                                          job, with a message; no job, with a message why
 *   GET BASE/save/status/JOB               {"status": "pending"}, {"status": "success",
 *                                          "timestamp": YYYYMMDDhhmmss}, or an error as below
 *   an error, with status 200, of both     {"status": "error", "status_ext": "error:…",
 *                                          "message": …}
 *
 * Authorization: LOW ACCESS:SECRET; 7 captures a minute, 5 a day of one address; then 429 or an
 * error.
 */
#ifndef LAMPWATCH_SAVE_PAGE_NOW_H
#define LAMPWATCH_SAVE_PAGE_NOW_H

#include <stddef.h>

#include "tell/attempt.h"

enum {
	SAVE_JOB_MAX = 128, /* bytes of a job's name */
	SAVE_AGAIN_AFTER =
		60, /* seconds: the age from which another capture of an address is no use */
};

/* Borrowed. */
struct save_request {
	const char *base, *url;
	const char *job;     /* that was begun; "": none is */
	char *key;           /* ACCESS:SECRET: a secret */
	const char *contact; /* for the user agent; NULL: none */
};

/*
 * One request, and what came of it:
 *
 *   delivered   it was captured; the text is its time, YYYYMMDDhhmmss
 *   temporary   posted 1: the capture is under way; the text is the job
 *               posted 0: it failed; the text says why. of_session: others would as well
 */
void save_page_now(const struct save_request *request, struct attempt *attempt);

/* What an answer means. Pure. */
void save_answer(const char *body, size_t length, int status, struct attempt *attempt);

/* Whether it can be the name of a job, which goes into an address as it is. */
bool save_job_valid(const char *job);

#endif
