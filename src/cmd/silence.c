/* SPDX-License-Identifier: ISC
 *
 * lampwatch silence PAGE: nobody is told of the page until a time; without a page, what is silent
 * now. The same holds as during `maintenance:` of the configuration.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cmd/command.h"
#include "config/config.h"
#include "config/window.h"
#include "run/context.h"
#include "run/people.h"
#include "run/print.h"
#include "run/suppression.h"
#include "run/terminal.h"
#include "store/silence.h"
#include "store/store.h"

/* What the command line asks for. */
struct request {
	const struct context *context;
	const char *page, *reason;
	int64_t until;
	bool ends; /* the silence that is under way */
};

static int wrong_word(const struct context *context, const char *word, const char *right)
{
	fprintf(stderr, "lampwatch: silence: \"%s\" is not a %s\n", word, right);
	return usage_error(context->invocation);
}

/* EXIT_USAGE where the arguments are wrong. */
static int read_words(struct request *request, const struct options *options)
{
	const struct context *context = request->context;
	int64_t now = context->invocation->clock, milliseconds;

	if (options->until != NULL &&
		!window_time_parse(options->until, context->config->timezone, now, &request->until))
		return wrong_word(
			context, options->until, "time such as 07:00 or 2026-11-24T07:00");
	if (options->duration != NULL) {
		if (!duration_parse(options->duration, &milliseconds) || milliseconds < 1000)
			return wrong_word(
				context, options->duration, "duration such as 30m, 2h or 1d");
		request->until = now + milliseconds / 1000;
	}
	if ((options->until != NULL && options->duration != NULL) ||
		!text_valid(request->reason, strlen(request->reason)) ||
		strlen(request->reason) > SILENCE_REASON_MAX ||
		(request->page != NULL ? (request->until != 0) == request->ends
				       : request->until != 0 || request->ends ||
						 request->reason[0] != '\0'))
		return usage_error(context->invocation);
	return EXIT_DONE;
}

static bool time_is_good(const struct request *request)
{
	int64_t now = request->context->invocation->clock;

	if (request->ends || (request->until > now && request->until - now <= SILENCE_SECONDS_MAX))
		return true;
	fprintf(stderr, "lampwatch: silence: %s\n",
		request->until <= now ? "that time is in the past"
				      : "that is more than a year; take the page out of the "
					"configuration instead");
	return false;
}

static void save_event(struct database *database, const struct request *request, const char *type)
{
	char until[DATE_TEXT_MAX] = "";

	if (!request->ends)
		date_write_short(request->until, request->context->config->timezone, until);
	store_add_event(database, request->page, request->context->invocation->clock, type, "",
		until[0] != '\0' ? until : "ended", "", "", request->reason);
}

/* Probes are pages of their own: those of the page's facts still tell their red. */
static void print_still_told(const struct request *request)
{
	const struct config *config = request->context->config;
	const struct page_config *page = config_page(config, request->page);
	struct text_list probes = {0};
	struct silences silences = {0};
	int64_t now = request->context->invocation->clock;

	silences_load(request->context->database, now, &silences);
	for (size_t i = 0; i < page->fact_count; i++)
		for (size_t j = 0; j < page->facts[i].checks.count; j++) {
			const char *check = page->facts[i].checks.list[j];
			char *probe = memory_format("%.*s", (int)strcspn(check, "/"), check);

			if (!text_list_has(&probes, probe) &&
				!suppression_holds(config, &silences, probe, now, NULL))
				text_list_add(&probes, probe);
			free(probe);
		}
	for (size_t i = 0; i < probes.count; i++)
		printf("%s: still told when its checks fail; it has a silence of its own\n",
			probes.list[i]);
	silences_release(&silences);
	text_list_release(&probes);
}

static void print_done(const struct request *request, bool found)
{
	const struct context *context = request->context;

	if (context->invocation->verbosity < 0)
		return;
	if (request->ends) {
		printf("%s: %s\n", request->page,
			found ? "notifications are on again" : "was not silent");
		return;
	}
	printf("%s: nobody is told until ", request->page);
	terminal_time(request->until, context->config->timezone);
	putchar('\n');
	print_still_told(request);
}

static int save(const struct request *request)
{
	struct database *database = request->context->database;
	int64_t now = request->context->invocation->clock;
	struct error error;
	bool found = true;

	database_begin(database);
	if (request->ends)
		found = silence_end(database, request->page, now);
	else
		silence_begin(database, request->page, now, request->until, request->reason);
	if (found)
		save_event(database, request, "silence");
	if (!database_commit(database, &error) ||
		!people_write(request->context->config->archive, database, &error))
		return error_print(&error);
	print_done(request, found);
	return EXIT_DONE;
}

static void print_suppression(
	const struct context *context, const char *page, const struct suppression *suppression)
{
	printf("%s: %s until ", page, suppression->silence ? "silence" : "maintenance");
	terminal_time(suppression->until, context->config->timezone);
	if (suppression->reason[0] != '\0') {
		fputs(": ", stdout);
		terminal_text(suppression->reason, 0);
	}
	putchar('\n');
}

static void add_suppression(
	struct value *list, const char *page, const struct suppression *suppression)
{
	struct value *map = value_append(list, value_map());
	char until[DATE_TEXT_MAX];

	date_write(suppression->until, until);
	value_put_text(map, "page", page);
	value_put_text(map, "by", suppression->silence ? "silence" : "maintenance");
	value_put_text(map, "until", until);
	value_put_text(map, "reason", suppression->reason);
}

static int list(struct context *context)
{
	const struct config *config = context->config;
	int64_t now = context->invocation->clock;
	struct value *root, *members;
	struct silences silences = {0};
	int status = context_open_database(context);

	if (status != EXIT_DONE)
		return status;
	if (context->database != NULL)
		silences_load(context->database, now, &silences);
	root = value_map();
	value_put_number(root, "format", 1);
	members = value_put(root, "silent", value_list());
	for (size_t i = 0; i < config->page_count; i++) {
		const char *page = config->pages[i].name;
		struct suppression suppression;

		if (!suppression_holds(config, &silences, page, now, &suppression))
			continue;
		if (context->invocation->json)
			add_suppression(members, page, &suppression);
		else
			print_suppression(context, page, &suppression);
	}
	if (context->invocation->json)
		terminal_json(root);
	value_free(root);
	silences_release(&silences);
	return EXIT_DONE;
}

int command_silence(struct context *context, const struct options *options, char **words)
{
	struct request request = {.context = context,
		.page = words[0],
		.reason = options->reason != NULL ? options->reason : "",
		.ends = options->end};
	int status;

	if (read_words(&request, options) != EXIT_DONE)
		return EXIT_USAGE;
	if (request.page == NULL)
		return list(context);
	if (context_page(context, request.page) == NULL || !time_is_good(&request))
		return EXIT_USAGE;
	status = context_open_to_write(context, true);
	return status == EXIT_DONE ? save(&request) : status;
}
