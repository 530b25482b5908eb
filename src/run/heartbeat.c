/* SPDX-License-Identifier: ISC */
#include "run/heartbeat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
#include "base/database.h"
#include "base/date.h"
#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/secret.h"
#include "net/http.h"
#include "store/store.h"
#include "tell/admin_notice.h"
#include "tell/outbox.h"

enum {
	CONNECT_MILLISECONDS = 5000,
	TOTAL_MILLISECONDS = 15000,
};

#define FACT_LAST "last run"
#define FACT_PAUSES "pauses between runs"
#define FACT_SAID "delayed"

/* ---- runs that were missed ---- */

static int by_length(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

int64_t heartbeat_longest_pause(const int64_t *pauses, int count, int64_t every)
{
	int64_t sorted[HEARTBEAT_PAUSES], usual = every / 1000, longest;

	if (count > HEARTBEAT_PAUSES)
		count = HEARTBEAT_PAUSES;
	if (count > 0) {
		memcpy(sorted, pauses, (size_t)count * sizeof *sorted);
		qsort(sorted, (size_t)count, sizeof *sorted, by_length);
		usual = sorted[count / 2];
	}
	longest = HEARTBEAT_PAUSES_USUAL * usual;
	return longest > HEARTBEAT_PAUSE_LEAST ? longest : HEARTBEAT_PAUSE_LEAST;
}

static int64_t shortest_every(const struct config *config)
{
	int64_t shortest = config->settings.every;

	for (size_t i = 0; i < config->page_count; i++)
		if (i == 0 || config->pages[i].settings.every < shortest)
			shortest = config->pages[i].settings.every;
	return shortest;
}

bool heartbeat_begin(struct database *database, const struct config *config, const char *templates,
	int64_t now, struct error *error)
{
	char *fact = store_fact(database, FACT_LAST), *list = store_fact(database, FACT_PAUSES);
	int64_t last = strtoll(fact, NULL, 10), pauses[HEARTBEAT_PAUSES];
	char *text = memory_format("%" PRId64, now), *at = list, *end;
	struct buffer kept = {0};
	int count = 0;
	bool missed;

	for (; *at != '\0' && count < HEARTBEAT_PAUSES; at = end, count++) { /* "60 60 61" */
		pauses[count] = strtoll(at, &end, 10);
		if (end == at)
			break;
	}
	missed = last > 0 &&
		 now - last > heartbeat_longest_pause(pauses, count, shortest_every(config));
	database_begin(database);
	store_set_fact(database, FACT_LAST, text);
	if (missed) {
		char *id = memory_format("m.%" PRId64, last), duration[DATE_TEXT_MAX];
		struct admin_notice note = {.type = EVENT_MISSED,
			.label = "lampwatch",
			.duration = duration,
			.since = last,
			.seen = now,
			.id = id};

		date_write_duration(now - last, duration);
		admin_notice_send(database, config, templates, &note, now);
		free(id);
	}
	if (last > 0 &&
		now > last) { /* a missed one, too: where they stay so long, that is usual */
		buffer_format(&kept, "%" PRId64, now - last);
		for (int i = 0; i < count && i < HEARTBEAT_PAUSES - 1; i++)
			buffer_format(&kept, " %" PRId64, pauses[i]);
		store_set_fact(database, FACT_PAUSES, buffer_string(&kept));
	}
	database_commit(database, error);
	buffer_release(&kept);
	free(text);
	free(list);
	free(fact);
	return missed;
}

/* ---- the heartbeat ---- */

void heartbeat_explain(const struct heartbeat *alive, struct buffer *out)
{
	const struct {
		bool wrong;
		const char *text;
	} lines[] = {
		{alive->local,
			"something could not be kept: the disk, the database or the archive"},
		{alive->network, "no host answered at all: this machine's own network"},
		{alive->overdue, "the run was ended at its deadline"},
		{alive->stuck,
			"messages are waiting and none can be delivered; see `lampwatch outbox`"},
		{alive->mistake,
			"the configuration has a mistake, so an older one goes on: lampwatch check "
			"names it"},
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (lines[i].wrong)
			buffer_format(out, "lampwatch: %s\n", lines[i].text);
}

char *heartbeat_fail_url(const char *url)
{
	size_t length = strcspn(url, "?#"), path = length;

	while (path > 0 && url[path - 1] == '/')
		path--;
	return memory_format("%.*s/fail%s", (int)path, url, url + length);
}

static void ignore_answer(void *context, struct http_response *response, const struct error *error)
{
	(void)context, (void)response, (void)error;
}

/* The answer is its fetcher's to parse, which is confined. */
static void send_good(const char *url, const char *user_agent)
{
	struct http_settings settings = {.in_flight = 1, .per_host = 1, .user_agent = user_agent};
	struct http_client *client = http_client_new(&settings);
	struct http_request request = {.url = url,
		.connect_timeout = CONNECT_MILLISECONDS,
		.total_timeout = TOTAL_MILLISECONDS,
		.body_maximum = 65536,
		.redirects = 3,
		.done = ignore_answer};

	http_client_get(client, &request);
	while (http_client_wait(client, NULL, 0, 250) > 0)
		;
	http_client_free(client);
}

static void send_bad(const char *url, const char *text, const char *user_agent)
{
	static const char *const headers[] = {"Content-Type: text/plain; charset=utf-8", NULL};
	struct http_response response = {0};
	char *fail = heartbeat_fail_url(url);
	struct http_post post = {.url = fail,
		.headers = headers,
		.body = text,
		.length = strlen(text),
		.connect_timeout = CONNECT_MILLISECONDS,
		.total_timeout = TOTAL_MILLISECONDS,
		.user_agent = user_agent};

	http_post(&post, &response, NULL);
	http_response_release(&response);
	secret_wipe(&fail);
}

struct sending {
	struct config *config;
	const char *user_agent;
	char text[]; /* "": all is well */
};

static void send_process(const void *context, int in, int out)
{
	const struct sending *sending = context;
	char *url = heartbeat_secret_read(sending->config, NULL);

	(void)in, (void)out;
	config_wipe(sending->config);
	if (url != NULL && sending->text[0] == '\0') {
		send_good(url, sending->user_agent);
	} else if (url != NULL) {
		confine_enter(CONFINE_ATTEMPT, NULL);
		send_bad(url, sending->text, sending->user_agent);
	}
	secret_wipe(&url);
}

void heartbeat_send(struct fork_server *attempts, struct config *config,
	const struct heartbeat *alive, const char *user_agent)
{
	static const struct child_role role = {.milliseconds = TOTAL_MILLISECONDS + 1000};
	struct buffer sending = {0};
	struct child child;
	struct child_end end;

	if (config->heartbeat == NULL && config->heartbeat_file == NULL)
		return;
	buffer_add(&sending, &(struct sending){config, user_agent}, sizeof(struct sending));
	heartbeat_explain(alive, &sending);
	buffer_byte(&sending, '\0');
	if (fork_server_fork_given(attempts, &child, &role, send_process, &sending))
		child_finish(&child, &end);
	buffer_release(&sending);
}

/* ---- messages that are delayed ---- */

void delay_warnings_find(
	struct database *database, const char *zone, int64_t now, struct text_list *lines)
{
	char *fact = store_fact(database, FACT_SAID);
	struct text_list said = {0}, ways = {0}; /* routes and webhooks: names without blanks */
	struct outbox_delays delays = {0};
	char since[DATE_TEXT_MAX], *line, *names;

	text_list_add_words(&said, fact);
	outbox_delay_warnings(database, now - DELAY_WARNING_SECONDS, &delays);
	for (size_t i = 0; i < delays.count; i++) {
		const struct outbox_delay *delay = &delays.list[i];
		bool one = delay->count == 1;

		text_list_add(&ways, delay->way);
		if (text_list_has(&said, delay->way))
			continue;
		date_write_local(delay->since, zone, since);
		line = memory_format("%s: %" PRId64
				     " message%s owed since %s: %s; `lampwatch outbox` has %s",
			delay->way, delay->count, one ? " is" : "s are", since, delay->reason,
			one ? "it" : "them");
		text_list_add(lines, line);
		free(line);
	}
	names = text_list_words(&ways);
	if (strcmp(names, fact) != 0) {
		database_begin(database);
		store_set_fact(database, FACT_SAID, names);
		database_commit(database, NULL);
	}
	outbox_delays_release(&delays);
	text_list_release(&said);
	text_list_release(&ways);
	free(names);
	free(fact);
}
