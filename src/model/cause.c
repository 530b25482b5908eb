/* SPDX-License-Identifier: ISC */
#include "model/cause.h"

bool cause_is_over(const struct cause *cause, int64_t now, int64_t join)
{
	return !cause->standing && (cause->ended == 0 || now - cause->ended >= join);
}

static bool explains(const struct cause *cause, int64_t now, int64_t join)
{
	return !cause->unknown && !cause_is_over(cause, now, join);
}

size_t cause_first(const struct cause *causes, size_t count, int64_t now, int64_t join)
{
	size_t i = 0;

	while (i < count && !explains(&causes[i], now, join))
		i++;
	return i;
}
