/* SPDX-License-Identifier: ISC */
#include "cmd/read_limit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "watch/reader.h"

/* Made before the signal comes: its handler may not allocate. */
static const char *line;

static void end(int signal)
{
	(void)signal;
	(void)!write(STDERR_FILENO, line, strlen(line));
	_exit(EXIT_PENDING);
}

void read_limit(const char *command, const char *word)
{
	char *visible = text_visible_copy(word);

	line = memory_format(
		"lampwatch %s: %s: reading it takes more time than a page may\n", command, visible);
	free(visible);
	signal(SIGPROF, end);
	child_limit_time(READER_SECONDS);
	child_limit_memory(READER_MEMORY);
}
