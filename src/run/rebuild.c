/* SPDX-License-Identifier: ISC */
#include "run/agree.h"
#include "run/causes.h"
#include "run/rebuild.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/capture.h"
#include "archive/chain.h"
#include "archive/snapshot_reader.h"
#include "archive/timestamps.h"
#include "base/buffer.h"
#include "base/database.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/schedule.h"
#include "run/context.h"
#include "run/digest_message.h"
#include "run/observe.h"
#include "run/people.h"
#include "run/schema.h"
#include "store/silence.h"
#include "run/suppression.h"
#include "store/store.h"

enum {
	CHAIN_MAX = 1 << 30,
	CONFIRMED_MAX = 10, /* fetches of one snapshot that are observed again */
};

const struct database_part rebuild_people[] = {
	{"silence", NULL, TAKE_OVER},
	{"subscriber", NULL, TAKE_OVER},
	{"disabled", NULL, TAKE_OVER},
	{"host", NULL, TAKE_OVER},
	{"host_record", NULL, TAKE_OVER},
	{0},
};

/* One page on its way. */
struct rebuilding {
	struct observer *observer;
	const struct page_config *page;
	const struct kind *kind;
	struct page_state state;
	char *kind_digest, *program; /* that the last snapshot was read with */
	void (*progress)(size_t done);
	struct rebuilt *rebuilt;
};

static void observe(struct rebuilding *self, struct observation *seen)
{
	seen->page = self->page;
	seen->kind = self->kind;
	seen->state = &self->state;
	seen->accepted = true;
	observation_process(self->observer, seen);
}

/* Of the time until then, in which so many fetches saw what the last snapshot shows: nobody looked
 * away, unless they are too few. */
static void see_until(struct page_state *state, int64_t every, long long fetches, int64_t last)
{
	struct schedule schedule = {.every = every, .last_success = state->last_success};

	for (long long i = 0; i < fetches && schedule.last_success < last; i++)
		schedule.last_success = schedule_held_until(&schedule);
	if (last > state->last_success && !schedule_stale(&schedule, last))
		state->last_fetch = state->last_success = last;
}

/* How often the snapshot before was confirmed, this one's capture says: an alarm may need more than
 * one fetch. */
static void confirm_again(struct rebuilding *self, const struct capture_text *capture)
{
	const char *count = capture_value(capture, 0, "previous-fetches"),
		   *last = capture_value(capture, 0, "previous-last-confirmed");
	long long fetches = count != NULL ? strtoll(count, NULL, 10) : 0;
	struct observation seen = {.what = OBSERVED_UNCHANGED};

	if (last == NULL || !date_parse(last, &seen.now) || self->state.reading == NULL)
		return;
	see_until(&self->state, self->page->settings.every, fetches, seen.now);
	for (long long i = 1; i < fetches && i < CONFIRMED_MAX && self->state.unconfirmed; i++)
		observe(self, &seen);
}

/* How often the last one was, nobody knows any more: what it says holds. */
static void confirm_last(struct rebuilding *self)
{
	struct observation seen = {.what = OBSERVED_UNCHANGED, .now = self->state.last_success};

	for (int i = 0; i < CONFIRMED_MAX && self->state.unconfirmed && self->state.failures == 0;
		i++)
		observe(self, &seen);
}

/* The row alone, of a snapshot that is pruned or cannot be read. */
static void add_row(struct rebuilding *self, const struct chain_line *line, const char *text)
{
	struct page_state *state = &self->state;
	struct snapshot_row row = {
		line->sequence, 0, (char *)line->folder, (char *)line->sums, (char *)text};
	char head[DIGEST_TEXT];

	date_parse(line->time, &row.time);
	store_add_snapshot(self->observer->database, self->page->name, &row);
	chain_line_digest(text, head);
	memory_set(&state->head, head);
	memory_set(&state->folder, line->folder);
	memory_set(&state->sums, line->sums);
	state->snapshot = line->sequence;
}

static void add_snapshot(struct rebuilding *self, const struct chain_line *line, const char *text)
{
	struct snapshot_files files = {0};
	const struct snapshot_file *file;
	struct capture_text capture;
	struct error error;

	if (!snapshot_read(self->observer->config->archive, self->page->name, line->folder,
		    line->sums, &files, &error)) {
		add_row(self, line, text);
		self->rebuilt->unread++;
		return;
	}
	file = snapshot_files_find(&files, "capture");
	capture_parse(file != NULL ? buffer_string(&file->bytes) : NULL, &capture);
	confirm_again(self, &capture);
	observation_adopt(
		self->observer, self->page, self->kind, &self->state, line->folder, text, &files);
	memory_set(&self->kind_digest, capture_value(&capture, 0, "kind-sha256"));
	memory_set(&self->program, capture_value(&capture, 0, "lampwatch"));
	capture_release(&capture);
	snapshot_files_release(&files);
}

/* What was packed away for good, or whatever a newer program writes there. */
static void add_note(struct rebuilding *self, const struct chain_line *line, const char *text)
{
	struct database *database = self->observer->database;
	char head[DIGEST_TEXT];
	long long first, last;

	chain_line_digest(text, head);
	self->state.snapshot = line->sequence;
	memory_set(&self->state.head, head);
	store_save(database, &self->state);
	store_add_note(database, self->page->name, line->sequence, text, head);
	if (strcmp(line->type, "pruned") == 0 &&
		sscanf(line->folder, "%lld-%lld", &first, &last) == 2)
		store_prune(database, self->page->name, first, last);
}

/* Where reading begins, with what the chain says of all before: the last ones of a limit. */
static char *skip_lines(char *text, int64_t most, struct page_state *state)
{
	size_t length = strlen(text);
	struct chain_line line;
	char *at = text + length, digest[DIGEST_TEXT];

	while (at > text && most >= 0) {
		at--;
		most -= at == text || at[-1] == '\n';
	}
	if (at <= text || !text_starts(at, "snapshot\t")) {
		at = strchr(text, '\n');
		return at != NULL ? at + 1 : text + length;
	}
	at[strcspn(at, "\n")] = '\0';
	if (chain_line_parse(at, &line)) {
		chain_line_digest(at, digest);
		state->snapshot = line.sequence;
		memory_set(&state->head, digest);
	}
	return at + strlen(at) + 1;
}

static void read_chain(struct rebuilding *self, char *text, int64_t most)
{
	char *at = skip_lines(text, most, &self->state), *end;
	struct chain_line line;

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1) { /* what has no end is torn */
		*end = '\0';
		if (!chain_line_parse(at, &line))
			continue;
		(strcmp(line.type, "snapshot") == 0 ? add_snapshot : add_note)(self, &line, at);
		self->rebuilt->lines++;
		if (self->progress != NULL)
			self->progress(self->rebuilt->lines);
	}
}

/* False with error where its chain is there and cannot be read. */
static bool rebuild_page(struct rebuilding *self, int64_t most, struct error *error)
{
	struct observer *observer = self->observer;
	struct buffer chain = {.maximum = CHAIN_MAX};
	char *path = archive_path(observer->config->archive, self->page->name, "chain", NULL);
	bool read = file_absent(path) || file_read(path, &chain, error);

	if (read && chain.length > 0) {
		char *text = buffer_take(&chain);

		observer->untold = true;
		read_chain(self, text, most);
		confirm_last(self);
		observer->untold = false;
		free(text);
	}
	if (self->state.snapshot > 0) {
		if (self->kind_digest != NULL)
			memory_set(&self->state.kind_digest, self->kind_digest);
		if (self->program != NULL)
			memory_set(&self->state.program, self->program);
		store_save(observer->database, &self->state);
		trouble_set(&observer->trouble, self->page, self->state.red || self->state.lost);
	}
	buffer_release(&chain);
	free(path);
	return read;
}

static int by_causes(const void *a, const void *b)
{
	return config_cause_order(
		((const struct rebuilding *)a)->page, ((const struct rebuilding *)b)->page);
}

/* All pages, causes before what follows from them. */
static struct rebuilding *rebuilding_new(struct observer *observer, const struct context *context,
	void (*progress)(size_t done), struct rebuilt *rebuilt)
{
	size_t count = context->config->page_count;
	struct rebuilding *pages = memory_zero(count, sizeof *pages);

	for (size_t i = 0; i < count; i++) {
		const struct page_config *page = &context->config->pages[i];

		pages[i] = (struct rebuilding){.observer = observer,
			.page = page,
			.kind = kind_set_of(context->kinds, page),
			.state = {.name = memory_string(page->name), .loaded = true},
			.progress = progress,
			.rebuilt = rebuilt};
	}
	qsort(pages, count, sizeof *pages, by_causes);
	return pages;
}

static void rebuilding_free(struct rebuilding *pages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pages[i].kind_digest);
		free(pages[i].program);
		page_state_release(&pages[i].state);
	}
	free(pages);
}

/* ---- who is told ---- */

/* Alarms of a page that are open and were seen by the same fetch: one message told of them. */
struct opening {
	int64_t seen;
	struct rebuilding *page; /* borrowed */
};

struct openings {
	struct opening *list; /* owned */
	size_t count;
};

static void add_openings(struct openings *openings, struct rebuilding *page)
{
	for (size_t i = 0; i < page->state.indicators.count; i++) {
		const struct indicator_state *indicator = &page->state.indicators.list[i];
		bool known = !indicator_is_told(indicator);

		for (size_t j = openings->count;
			!known && j > 0 && openings->list[j - 1].page == page; j--)
			known = openings->list[j - 1].seen == indicator->alarm_since;
		if (!known)
			*(struct opening *)memory_append(
				&openings->list, &openings->count, sizeof *openings->list) =
				(struct opening){indicator->alarm_since, page};
	}
}

/* 0 for those that stood in one message: in the same run confirmed, and of the same tree. */
static int by_message(const struct opening *left, const struct opening *right)
{
	const struct page_config *one = left->page->page, *other = right->page->page;
	const int64_t keys[][2] = {
		{left->seen, right->seen},
		{one->settings.confirm.worse, other->settings.confirm.worse},
		{one->tree, other->tree},
		{one->tree == 0 ? one - other : 0, 0},
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return 0;
}

static int by_opening(const void *a, const void *b)
{
	const struct opening *left = a, *right = b;
	int order = by_message(left, right);

	return order != 0 ? order : by_causes(left->page, right->page);
}

/* As the run told of them in which they opened, causes first. */
static void tell_open(
	struct observer *observer, struct rebuilding *pages, size_t count, int64_t now)
{
	struct openings openings = {0};
	size_t end;

	for (size_t i = 0; i < count; i++)
		if (pages[i].state.snapshot > 0 &&
			!suppression_holds(observer->config, &observer->silences,
				pages[i].page->name, now, NULL))
			add_openings(&openings, &pages[i]);
	if (openings.count > 0)
		qsort(openings.list, openings.count, sizeof *openings.list, by_opening);
	for (size_t first = 0; first < openings.count; first = end) {
		const struct opening *same = &openings.list[first];

		for (end = first + 1;
			end < openings.count && by_message(same, &openings.list[end]) == 0;)
			end++;
		observer->joining = end - first > 1;
		for (size_t i = first; i < end; i++)
			observer_tell_open(observer, openings.list[i].page->page,
				&openings.list[i].page->state, same->seen, now);
		if (observer->joining)
			digest_messages_join(observer, now);
	}
	observer->joining = false;
	free(openings.list);
}

/* As much as can be read; false with error where that is not all. */
static bool rebuild(const struct context *context, struct database *database, int64_t most,
	void (*progress)(size_t done), struct rebuilt *rebuilt, struct error *error)
{
	struct observer observer = {.config = context->config,
		.providers = context->providers,
		.templates = context->templates,
		.database = database,
		.simulated = context->invocation->simulated,
		.rebuilding = true,
		.quiet = true};
	struct rebuilding *pages = rebuilding_new(&observer, context, progress, rebuilt);
	size_t count = context->config->page_count;
	int64_t now = context->invocation->clock;
	enum file_presence people;
	bool good, all;

	database_begin(database);
	people = people_read(context->config->archive, database, error);
	rebuilt->people = rebuilt->people || people == FILE_PRESENT;
	all = people != FILE_UNKNOWN;
	good = database_commit(database, error) && observer_open(&observer, error);
	database_begin(database);
	for (size_t i = 0; good && i < count; i++)
		all = rebuild_page(&pages[i], most, error) && all;
	if (good) {
		tell_open(&observer, pages, count, now);
		agreements_settle(&observer, now);
		causes_settle(&observer, now);
	}
	people_read(context->config->archive, database, NULL); /* who answers for the alarms */
	all = timestamps_record_all(context->config->archive, database, error) && all;
	rebuilt->alarms = (size_t)statement_number(
		database_query(database, "SELECT count(*) FROM alarm WHERE closed IS NULL", ""));
	good = good && database_commit(database, error);
	rebuilding_free(pages, count);
	observer_close(&observer);
	return good && all;
}

void rebuild_states(const struct context *context, struct database *database, int64_t most)
{
	struct rebuilt rebuilt = {0};
	struct error error;

	rebuild(context, database, most, NULL, &rebuilt, &error);
	database_begin(database); /* what is told of the time meanwhile begins now */
	database_do(database, "DELETE FROM change", "");
	database_do(database, "DELETE FROM event", "");
	database_commit(database, NULL);
}

bool rebuild_all(const struct context *context, struct database *database,
	void (*progress)(size_t done), struct rebuilt *rebuilt, struct error *error)
{
	char *scratch = memory_format("%s.taken", context->database_path);

	rebuilt->people = database_take(
		database, context->database_path, scratch, schema, rebuild_people, NULL);
	free(scratch);
	return rebuild(context, database, INT64_MAX, progress, rebuilt, error);
}
