/* SPDX-License-Identifier: ISC */
#include "base/step.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#if LAMPWATCH_STEPS
/* LAMPWATCH_STEPS_FILE gets a line for each place, so that a test knows how many there are. */
void step_passed(const char *what)
{
	static int passed;
	const char *kill_at = getenv("LAMPWATCH_KILL_AT_STEP"), *file = getenv("LAMPWATCH_STEPS_FILE");

	passed++;
	if (file != NULL) {
		FILE *out = fopen(file, "a");

		if (out != NULL) {
			fprintf(out, "%d %s\n", passed, what);
			fclose(out);
		}
	}
	if (kill_at != NULL && atoi(kill_at) == passed)
		raise(SIGKILL);
}

#endif

