/* SPDX-License-Identifier: ISC
 *
 * lampwatch log: changes and what was told because of them, newest first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/terminal.h"
#include "store/store.h"

enum { LOG_LINES = 50, LOG_LINES_MAX = 1000000 };

struct log {
	const struct context *context;
	int64_t since, limit;
	struct value *entries; /* --json */
};

static void print_line(const struct log *log, const struct log_entry *line)
{
	bool event = text_equal(line->what, "event"),
	     levels = line->before[0] != '\0' || line->after[0] != '\0';
	char time[DATE_TEXT_MAX];
	char *what = memory_format("  %s %s  ",
		event          ? "event"
		: line->reread ? "reread"
			       : "changed",
		line->type);
	char *turned = memory_format("%s%s%s", line->before,
		line->before[0] != '\0' && line->after[0] != '\0' ? " -> " : "", line->after);
	bool said = line->text[0] != '\0';

	date_write_short(line->time, log->context->config->timezone, time);
	const struct terminal_part parts[] = {
		{time, TERMINAL_WORDS},
		{"  ", TERMINAL_WORDS},
		{line->page, TERMINAL_NAME},
		{what, TERMINAL_WORDS},
		{line->name, TERMINAL_NAME},
		{levels ? ": " : " ", TERMINAL_WORDS},
		{turned, TERMINAL_LINE},
		{!said           ? ""
			: levels ? " ("
				 : "(",
			TERMINAL_WORDS},
		{line->text, TERMINAL_NAME},
		{said ? ")" : "", TERMINAL_WORDS},
	};
	terminal_parts(parts, sizeof parts / sizeof parts[0], 0, text_columns(time) + 2);
	free(what);
	free(turned);
}

static void add_line(const struct log *log, const struct log_entry *line)
{
	struct value *map = value_append(log->entries, value_map());
	char time[DATE_TEXT_MAX];

	date_write(line->time, time);
	value_put_text(map, "time", time);
	value_put_text(map, "page", line->page);
	value_put_text(map, "what", line->what);
	value_put_text(map, "type", line->type);
	value_put_text(map, "id", line->item);
	value_put_text(map, "name", line->name);
	value_put_text(map, "before", line->before);
	value_put_text(map, "after", line->after);
	value_put_text(map, "text", line->text);
	value_put_boolean(map, "read_anew", line->reread);
	value_put_number(map, "snapshot", line->snapshot);
}

static void show(const struct log *log, const char *page)
{
	struct log_entries lines = {0};

	store_log(log->context->database, page, log->since, log->limit, &lines);
	for (size_t i = 0; i < lines.count; i++) {
		if (log->entries != NULL)
			add_line(log, &lines.list[i]);
		else
			print_line(log, &lines.list[i]);
	}
	log_entries_release(&lines);
}

static bool take_options(struct log *log, const struct options *options)
{
	char *end;

	if (options->since != NULL && !date_prefix_begin(options->since, &log->since))
		return false;
	if (options->limit == NULL)
		return true;
	log->limit = strtoll(options->limit, &end, 10);
	return *end == '\0' && log->limit >= 1 && log->limit <= LOG_LINES_MAX;
}

int command_log(struct context *context, const struct options *options, char **words)
{
	struct log log = {.context = context, .limit = LOG_LINES};
	struct value *root;
	int result = EXIT_DONE;

	if (!take_options(&log, options))
		return usage_error(context->invocation);
	root = value_map();
	value_put_number(root, "format", 1);
	if (context->invocation->json)
		log.entries = value_put(root, "entries", value_list());
	if (context->database != NULL && words[0] == NULL)
		show(&log, NULL);
	for (; context->database != NULL && *words != NULL; words++) {
		if (context_page(context, *words) != NULL)
			show(&log, *words);
		else
			result = EXIT_USAGE;
	}
	if (context->invocation->json)
		terminal_json(root);
	value_free(root);
	return result;
}
