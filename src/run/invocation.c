/* SPDX-License-Identifier: ISC */
#include "run/invocation.h"

#include <stdio.h>

int usage_error(const struct invocation *invocation)
{
	fprintf(stderr, "lampwatch: usage: lampwatch %s%s%s\n", invocation->command,
		invocation->words[0] != '\0' ? " " : "", invocation->words);
	return EXIT_USAGE;
}
