/* SPDX-License-Identifier: ISC */
#include "base/step.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if LAMPWATCH_STEPS
enum { STEPS_MAX = 64 };

/* How often this process has passed each place; a forked child continues its parent's counts. */
static struct {
	const char *what;
	int passed;
} places[STEPS_MAX];

void step_passed(const char *what)
{
	const char *kill_at = getenv("LAMPWATCH_KILL_AT_STEP"),
		   *file = getenv("LAMPWATCH_STEPS_FILE");
	char line[128];
	size_t i = 0;

	while (i < STEPS_MAX - 1 && places[i].what != NULL && strcmp(places[i].what, what) != 0)
		i++;
	places[i].what = what;
	snprintf(line, sizeof line, "%d %s", ++places[i].passed, what);
	if (file != NULL) {
		FILE *out = fopen(file, "ae");

		if (out != NULL) {
			fprintf(out, "%s\n", line);
			fclose(out);
		}
	}
	if (kill_at != NULL && strcmp(kill_at, line) == 0)
		raise(SIGKILL);
}

#endif
