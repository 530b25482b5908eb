/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_milliseconds(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_processor_milliseconds(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_date_milliseconds(void)
{
	return read_clock(CLOCK_REALTIME);
}
