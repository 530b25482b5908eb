/* SPDX-License-Identifier: ISC */
#include "run/print.h"

#include <stdio.h>

#include "base/error.h"
#include "run/invocation.h"

void problems_print(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->list[i];

		fprintf(stderr, "%s:", problem->file);
		if (problem->line > 0)
			fprintf(stderr, "%d:", problem->line);
		fprintf(stderr, " %s%s\n", problem->warning ? "warning: " : "", problem->text);
	}
}

int problems_status(const struct problems *problems)
{
	return problems->local > 0 ? EXIT_LOCAL : problems->errors > 0 ? EXIT_USAGE : EXIT_DONE;
}

int error_print(const struct error *error)
{
	fprintf(stderr, "lampwatch: %s\n", error->text);
	return error->remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
}
