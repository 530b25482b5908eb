/* SPDX-License-Identifier: ISC
 *
 * What is remembered between runs of the open incidents whose impact is red, for each indicator
 * that they touch, or for the page: whether people have been told of them while the lamp is green.
 */
#ifndef LAMPWATCH_IMPACT_H
#define LAMPWATCH_IMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "model/level.h"

/* All strings owned. Times are seconds since 1970. */
struct impact {
	char *indicator; /* its id, INDICATOR_OVERALL for the page's; first, for an index */
	int64_t count;   /* fetches in a row that say so (nobody told yet) or no longer (told) */
	int64_t count_since; /* when the first of them was */
	bool alarm;          /* told, and not over yet */
	int64_t alarm_since;
	enum level level;       /* the worst of the incidents */
	char *title;            /* of that one */
	struct text_list known; /* ids of open incidents that are no news any more: they were told,
				 * or the lamp has shown them */
};

struct impacts {
	struct impact *list;
	size_t count;
};

/* Of an indicator that has none yet; all else is empty. It is the list's, and stays where it is
 * until the next is added. */
struct impact *impacts_add(struct impacts *impacts, const char *indicator);

/* True while one of them is not confirmed yet. */
bool impacts_unconfirmed(const struct impacts *impacts);

void impact_release(struct impact *impact);
void impacts_release(struct impacts *impacts);

/* Its known ids as one text, owned by the caller; and the reverse. An id has no tab (reading.h). */
char *impact_known_write(const struct impact *impact);
void impact_known_parse(struct impact *impact, const char *text);

#endif
