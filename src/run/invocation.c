/* SPDX-License-Identifier: ISC */
#include "run/invocation.h"

#include <stdio.h>

int exit_status_worse(int one, int other)
{
	return one > other ? one : other;
}

int usage_error(const struct invocation *invocation)
{
	fprintf(stderr, "lampwatch: usage: lampwatch %s%s%s\n", invocation->command,
		invocation->words[0] != '\0' ? " " : "", invocation->words);
	return EXIT_USAGE;
}
