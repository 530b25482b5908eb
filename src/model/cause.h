/* SPDX-License-Identifier: ISC
 *
 * Which of the indicators that `depends_on:` names explains that one is red. Pure.
 */
#ifndef LAMPWATCH_CAUSE_H
#define LAMPWATCH_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of one of them. */
struct cause {
	bool unknown;  /* its page cannot be read now, or no longer lists it */
	bool standing; /* it is red, or early (model/agreement.h) */
	int64_t ended; /* when it last was, seconds since 1970; 0: never. Valid unless standing. */
};

/* The place of the first from which what turns red now follows: it stands, or its end is less than
 * join seconds ago. One that is unknown explains nothing. count where there is none. */
size_t cause_first(const struct cause *causes, size_t count, int64_t now, int64_t join);

/* True where what it once explained is explained no longer: it is over since join seconds. One that
 * stands goes on to explain while it is unknown. */
bool cause_is_over(const struct cause *cause, int64_t now, int64_t join);

#endif
