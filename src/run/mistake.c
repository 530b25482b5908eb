/* SPDX-License-Identifier: ISC */
#include "run/mistake.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/database.h"
#include "base/error.h"
#include "base/memory.h"
#include "config/config.h"
#include "run/context.h"
#include "run/print.h"
#include "store/store.h"
#include "tell/admin_notice.h"

#define FACT "mistake" /* a line each, of what has been said; "": the file is good */

enum { SAID_MAX = 64 * 1024 /* bytes that are remembered */ };

static bool was_said(const char *said, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = strstr(said, line); at != NULL; at = strstr(at + 1, line))
		if ((at == said || at[-1] == '\n') && at[length] == '\n')
			return true;
	return false;
}

/* The first one, and how many there are more. Owned by the caller. */
static char *summary(const struct problems *mistakes)
{
	struct buffer text = {0};

	for (size_t i = 0; text.length == 0 && i < mistakes->count; i++)
		if (!mistakes->list[i].warning)
			problem_write(&mistakes->list[i], &text);
	if (mistakes->errors > 1)
		buffer_format(&text, " (and %zu more)", mistakes->errors - 1);
	return buffer_take(&text);
}

/* Without a mistake: that it is over. */
static void notify(struct database *database, const struct context *context, int64_t now)
{
	bool over = context->mistakes.errors == 0;
	char *reason = over ? memory_string("") : summary(&context->mistakes);
	char *id = memory_format("c.%" PRId64 "%s", now, over ? ".good" : "");
	struct admin_notice note = {.type = EVENT_MISTAKE,
		.label = context->config->path,
		.reason = reason,
		.since = over ? 0 : context->good_since,
		.seen = now,
		.id = id};

	admin_notice_send(database, context->config, context->templates, &note, now);
	free(reason);
	free(id);
}

bool mistake_tell(
	struct database *database, const struct context *context, int64_t now, struct error *error)
{
	const struct problems *mistakes = &context->mistakes;
	char *said = store_fact(database, FACT);
	struct buffer all = {.maximum = SAID_MAX};
	bool done = true;

	if (mistakes->errors > 0)
		buffer_text(&all, said);
	for (size_t i = 0; i < mistakes->count; i++) {
		struct buffer line = {0};
		bool known;

		problem_write(&mistakes->list[i], &line);
		known = was_said(said, buffer_string(&line));
		if (!mistakes->list[i].warning && (!known || isatty(STDERR_FILENO)))
			fprintf(stderr, "%s\n", buffer_string(&line));
		if (!mistakes->list[i].warning && !known)
			buffer_format(&all, "%s\n", buffer_string(&line));
		buffer_release(&line);
	}
	if (strcmp(buffer_string(&all), said) != 0) {
		database_begin(database);
		if (said[0] == '\0' || mistakes->errors == 0)
			notify(database, context, now);
		store_set_fact(database, FACT, buffer_string(&all));
		done = database_commit(database, error);
	}
	buffer_release(&all);
	free(said);
	return done;
}
