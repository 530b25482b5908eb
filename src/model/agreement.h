/* SPDX-License-Identifier: ISC
 *
 * What a page says of an indicator, its lamp, beside what we measure, the fact. Pure.
 */
#ifndef LAMPWATCH_AGREEMENT_H
#define LAMPWATCH_AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/level.h"

enum fact_state { FACT_UNKNOWN, FACT_GOOD, FACT_BAD };

/* What one check says, or all those of an indicator together. */
struct fact {
	enum fact_state state;
	int64_t since; /* seconds since 1970; of FACT_UNKNOWN: 0 */
	bool heard;    /* nobody but a crowd says so, and nothing was measured */
};

struct lamp {
	enum colour colour; /* as last read */
	bool fresh;         /* the page was read, and lately */
	bool red;           /* confirmed, and not yet confirmed green */
	int64_t since;      /* when red was first read; valid while red */
};

enum agreement {
	AGREEMENT_UNKNOWN, /* nobody knows of one of the two */
	AGREEMENT_AGREE,
	AGREEMENT_EARLY, /* it fails here, and the lamp is green */
	AGREEMENT_LATE,  /* it works here, and the lamp is red */
};

/*
 * Several checks as one fact: bad where at least `need` of them are (1 to count), good where as
 * many can no longer be, whatever the unknown ones are. since: when the one that decides it turned;
 * heard: all of them are.
 */
struct fact fact_of_checks(const struct fact *checks, size_t count, size_t need);

/* True where a lamp that is red is late: it works here. That a crowd is quiet does not prove it. */
bool fact_is_late(const struct fact *fact, bool red);

/*
 * A lamp between green and red (yellow, blue) agrees with whatever the fact is: the page says that
 * something is up. So does one that has turned and is not confirmed yet. *since, which may be NULL,
 * becomes the time from which on they are early or late, else 0.
 */
enum agreement agreement_of(const struct lamp *lamp, const struct fact *fact, int64_t *since);

#endif
