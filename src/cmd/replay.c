/* SPDX-License-Identifier: ISC
 *
 * lampwatch replay DIR: saved captures, named by their time, through the same
 * pipeline as a run: what would have been kept, and who would have been told
 * what. DIR/PAGE/NAME for each page, or DIR/NAME where the configuration has one page; NAME holds a
 * time (2014-01-24T192000Z, 20140124T192000 …) and is a file, or a folder with body, body-2 ….
 */

#include "base/error.h"
#include "cmd/command.h"
#include "run/agree.h"
#include "run/causes.h"
#include "run/captures.h"
#include "run/print.h"
#include "run/digest_message.h"
#include "tell/courier.h"

enum { DELIVER_SECONDS = 300 };

struct replay {
	struct context *context;
	struct captures captures;
	struct feeder feeder;
};

/* As what a run finds in pages that depend on each other. */
static bool joins(const struct captures *captures, size_t i)
{
	const struct capture *capture = &captures->list[i];

	return capture->page->tree > 0 &&
	       ((i > 0 && capture[-1].time == capture->time) ||
		       (i + 1 < captures->count && capture[1].time == capture->time));
}

static void join_waiting(struct replay *replay, int64_t now)
{
	struct observer *observer = &replay->feeder.observer;

	if (digest_messages_enqueue(observer, now))
		courier_wake(observer->courier);
}

static void replay_all(struct replay *replay)
{
	for (size_t i = 0; i < replay->captures.count; i++) {
		const struct capture *capture = &replay->captures.list[i];
		const struct kind *kind = kind_set_of(replay->context->kinds, capture->page);
		struct captured captured = {0};

		capture_load(capture, kind_document_count(kind), &captured);
		if (i == 0 || capture[-1].time != capture->time)
			join_waiting(replay, capture->time);
		replay->feeder.observer.joining = joins(&replay->captures, i);
		feeder_feed(&replay->feeder, capture, &captured, false);
		replay->feeder.observer.joining = false;
		if (i + 1 == replay->captures.count || capture[1].time != capture->time) {
			agreements_settle(&replay->feeder.observer, capture->time);
			causes_settle(&replay->feeder.observer, capture->time);
			join_waiting(replay, capture->time);
		}
		captured_release(&captured);
	}
}

static struct courier *courier_of(struct replay *replay)
{
	static struct courier_settings settings;

	settings = (struct courier_settings){replay->context->config, replay->context->providers,
		replay->context->templates, replay->context->courier_lock,
		replay->captures.list[replay->captures.count - 1].time, context_outbox,
		store_troubled, NULL, NULL, replay->context};
	return courier_new(&settings);
}

static int pass(struct replay *replay, bool deliver)
{
	const struct observer how = {.config = replay->context->config,
		.providers = replay->context->providers,
		.templates = replay->context->templates,
		.simulated = true,
		.quiet = replay->context->invocation->verbosity < 0};
	struct courier *courier;
	struct error error;
	int result;

	courier = deliver ? courier_of(replay) : NULL; /* forks, so before the database is open */
	result = feeder_open(&replay->feeder, replay->context, &how);
	if (result == EXIT_DONE) {
		replay->feeder.observer.courier = courier;
		courier_wake(courier);
		replay_all(replay);
		result = feeder_finish(&replay->feeder);
	}
	if (courier_finish(courier, DELIVER_SECONDS, &error) != COURIER_DONE)
		result = exit_status_worse(result, error_print(&error));
	feeder_close(&replay->feeder);
	return result;
}

int command_replay(struct context *context, const struct options *options, char **words)
{
	struct replay replay = {.context = context};
	int result = captures_find(&replay.captures, context->config, NULL, words[0]);

	captures_sort(&replay.captures);
	if (result == EXIT_DONE)
		result = context_prepare(context);
	if (result == EXIT_DONE)
		result = pass(&replay, options->deliver);
	captures_release(&replay.captures);
	return result;
}
