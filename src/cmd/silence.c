/* SPDX-License-Identifier: ISC
 *
 * lampwatch silence PAGE: nobody is told of the page until a time; without a page, what is silent
 * now. The same holds as during `maintenance:` of the configuration.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cmd/command.h"
#include "config/window.h"
#include "run/context.h"
#include "run/schema.h"
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

static bool wrong_word(const char *word, const char *right)
{
	fprintf(stderr, "lampwatch: silence: \"%s\" is no %s\n", word, right);
	return false;
}

static bool take_option(struct request *request, int option, const char *word)
{
	const struct invocation *invocation = request->context->invocation;
	int64_t milliseconds;

	switch (option) {
	case 'u':
		return window_time_parse(word, request->context->config->timezone,
			       invocation->clock, &request->until) ||
		       wrong_word(word, "time; 07:00 or 2026-11-24T07:00 is");
	case 'f':
		if (!duration_parse(word, &milliseconds) || milliseconds < 1000)
			return wrong_word(word, "duration; 30m, 2h or 1d is");
		request->until = invocation->clock + milliseconds / 1000;
		return true;
	case 'r':
		request->reason = word;
		return text_valid(word, strlen(word)) && strlen(word) <= SILENCE_REASON_MAX;
	case 'e':
		request->ends = true;
		return true;
	default:
		return false;
	}
}

/* True where the words ask for something that can be done. */
static bool read_words(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {{"until", required_argument, NULL, 'u'},
		{"for", required_argument, NULL, 'f'}, {"reason", required_argument, NULL, 'r'},
		{"end", no_argument, NULL, 'e'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(request, option, optarg))
			return false;
	if (optind < argc)
		request->page = argv[optind++];
	return optind == argc && (request->page != NULL ? (request->until != 0) != request->ends
							: request->until == 0 && !request->ends &&
								  request->reason[0] == '\0');
}

static bool time_is_good(const struct request *request)
{
	int64_t now = request->context->invocation->clock;

	if (request->ends || (request->until > now && request->until - now <= SILENCE_SECONDS_MAX))
		return true;
	fprintf(stderr, "lampwatch: silence: %s\n",
		request->until <= now ? "that time is over"
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

static void print_done(const struct request *request, bool found)
{
	const struct context *context = request->context;

	if (context->invocation->verbosity < 0)
		return;
	if (request->ends) {
		printf("%s: %s\n", request->page, found ? "is told of again" : "was not silent");
		return;
	}
	printf("%s: nobody is told until ", request->page);
	terminal_time(request->until, context->config->timezone);
	putchar('\n');
}

static int save(const struct request *request, struct database *database)
{
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
	if (!database_commit(database, &error)) {
		fprintf(stderr, "lampwatch: %s\n", error.text);
		return EXIT_LOCAL;
	}
	print_done(request, found);
	return EXIT_DONE;
}

static void print_mute(const struct context *context, const char *page, const struct mute *mute)
{
	printf("%s: %s until ", page, mute->silence ? "silence" : "maintenance");
	terminal_time(mute->until, context->config->timezone);
	if (mute->reason[0] != '\0') {
		fputs(": ", stdout);
		terminal_text(mute->reason, 0);
	}
	putchar('\n');
}

static void add_mute(struct value *list, const char *page, const struct mute *mute)
{
	struct value *map = value_append(list, value_map());
	char until[DATE_TEXT_MAX];

	date_write(mute->until, until);
	value_put_text(map, "page", page);
	value_put_text(map, "by", mute->silence ? "silence" : "maintenance");
	value_put_text(map, "until", until);
	value_put_text(map, "reason", mute->reason);
}

static int list(const struct context *context, struct database *database)
{
	const struct config *config = context->config;
	int64_t now = context->invocation->clock;
	struct value *root = value_map(), *members;
	struct silences silences = {0};

	silences_load(database, now, &silences);
	value_put_number(root, "format", 1);
	members = value_put(root, "silent", value_list());
	for (size_t i = 0; i < config->page_count; i++) {
		const char *page = config->pages[i].name;
		struct mute mute;

		if (!mute_holds(config, &silences, page, now, &mute))
			continue;
		if (context->invocation->json)
			add_mute(members, page, &mute);
		else
			print_mute(context, page, &mute);
	}
	if (context->invocation->json)
		terminal_json(root);
	value_free(root);
	silences_release(&silences);
	return EXIT_DONE;
}

static int act(const struct request *request)
{
	struct error error;
	struct database *database;
	int result = context_prepare(request->context);

	if (result != EXIT_DONE)
		return result;
	database = database_open(request->context->database_path, schema, false, &error);
	if (database == NULL) {
		fprintf(stderr, "lampwatch: %s\n", error.text);
		return EXIT_LOCAL;
	}
	result = request->page != NULL ? save(request, database) : list(request->context, database);
	database_close(database);
	return result;
}

int command_silence(struct invocation *invocation, int argc, char **argv)
{
	struct context context = {0};
	struct request request = {.context = &context, .reason = ""};
	int result = context_open(&context, invocation);

	if (result != EXIT_DONE)
		goto out;
	if (!read_words(&request, argc, argv))
		result = usage_error(invocation);
	else if (request.page != NULL && config_page(context.config, request.page) == NULL)
		result = context_unknown_page(&context, request.page) ? EXIT_DONE : EXIT_USAGE;
	else if (request.page != NULL && !time_is_good(&request))
		result = EXIT_USAGE;
	else
		result = act(&request);
out:
	context_close(&context);
	return result;
}
