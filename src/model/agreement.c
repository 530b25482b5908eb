/* SPDX-License-Identifier: ISC */
#include "model/agreement.h"

#include <stdlib.h>

#include "base/memory.h"

static int by_time(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* When so many checks were in that state; false where fewer are. */
static bool reached(const struct fact *checks, size_t count, enum fact_state state, size_t many,
	struct fact *fact)
{
	int64_t *times = memory_zero(count, sizeof *times);
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		if (checks[i].state == state)
			times[found++] = checks[i].since;
	qsort(times, found, sizeof *times, by_time);
	if (many > 0 && found >= many)
		*fact = (struct fact){.state = state, .since = times[many - 1]};
	free(times);
	return many > 0 && found >= many;
}

struct fact fact_of_checks(const struct fact *checks, size_t count, size_t need)
{
	struct fact fact = {.state = FACT_UNKNOWN};

	if (need <= count && !reached(checks, count, FACT_BAD, need, &fact))
		reached(checks, count, FACT_GOOD, count - need + 1, &fact);
	fact.heard = count > 0;
	for (size_t i = 0; i < count; i++)
		fact.heard = fact.heard && checks[i].heard;
	return fact;
}

bool fact_is_late(const struct fact *fact, bool red)
{
	return red && fact->state == FACT_GOOD && !fact->heard;
}

enum agreement agreement_of(const struct lamp *lamp, const struct fact *fact, int64_t *since)
{
	enum agreement agreement = AGREEMENT_AGREE;
	int64_t begins = 0;

	if (!lamp->fresh || lamp->colour == COLOUR_GREY || fact->state == FACT_UNKNOWN) {
		agreement = AGREEMENT_UNKNOWN;
	} else if (fact->state == FACT_BAD && lamp->colour == COLOUR_GREEN && !lamp->red) {
		agreement = AGREEMENT_EARLY;
		begins = fact->since;
	} else if (fact_is_late(fact, lamp->colour == COLOUR_RED && lamp->red)) {
		agreement = AGREEMENT_LATE;
		begins = fact->since > lamp->since ? fact->since : lamp->since;
	}
	if (since != NULL)
		*since = begins;
	return agreement;
}
