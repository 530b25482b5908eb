/* SPDX-License-Identifier: ISC */
#include "run/metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/database.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "model/level.h"
#include "run/freshness.h"
#include "store/store.h"
#include "tell/outbox.h"

enum { METRICS_MODE = 0644 };

static const char *const conditions[] = {
	"fresh", "stale", "unreachable", "unreadable", "never read"};

/* What the database holds beside a page's state. */
struct found {
	enum level level; /* the worst of its watched lamps */
	int64_t alarms;   /* that are open */
};

/* A page as the metrics see it. */
struct sample {
	const struct page_config *page;
	const struct page_state *state; /* NULL: never seen */
	struct found found;
};

void metrics_sample(struct buffer *out, const char *name, const char *label, const char *value)
{
	buffer_format(out, "%s{%s=\"", name, label);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			buffer_byte(out, '\\');
		if (*value == '\n')
			buffer_text(out, "\\n");
		else
			buffer_byte(out, *value);
	}
	buffer_text(out, "\"} ");
}

static void head(struct buffer *out, const char *name, const char *help)
{
	buffer_format(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* A page that was never read is unknown, not green. */
static int64_t level_of(const struct sample *sample)
{
	if (sample->state == NULL || sample->state->last_success == 0)
		return LEVEL_UNKNOWN;
	return sample->found.level;
}

static int64_t success_of(const struct sample *sample)
{
	return sample->state != NULL ? sample->state->last_success : 0;
}

static int64_t alarms_of(const struct sample *sample)
{
	return sample->found.alarms;
}

static int64_t failures_of(const struct sample *sample)
{
	return sample->state != NULL ? sample->state->failures : 0;
}

static const struct {
	const char *name, *help;
	int64_t (*value)(const struct sample *sample);
} page_metrics[] = {
	{"lampwatch_page_level",
		"The worst level on the page: 0 operational, 1 notice, 2 maintenance, 3 unknown, "
		"4 degraded, 5 partial outage, 6 major outage.",
		level_of},
	{"lampwatch_page_last_success_timestamp_seconds",
		"When the page was last read, 0 for never.", success_of},
	{"lampwatch_page_open_alarms", "Alarms of the page that are open.", alarms_of},
	{"lampwatch_page_failed_fetches", "Fetches in a row that failed or could not be read.",
		failures_of},
};

static void add_conditions(
	const struct metrics *metrics, const struct sample *samples, struct buffer *out)
{
	static const char name[] = "lampwatch_page_condition";

	head(out, name, "How well the page is known: 1 for the state that it is in.");
	for (size_t i = 0; i < metrics->config->page_count; i++) {
		const char *now = page_freshness(samples[i].page, samples[i].state, metrics->now);

		for (size_t j = 0; j < sizeof conditions / sizeof *conditions; j++)
			buffer_format(out, "%s{page=\"%s\",state=\"%s\"} %d\n", name,
				samples[i].page->name, conditions[j],
				text_equal(now, conditions[j]));
	}
}

static void add_pages(
	const struct metrics *metrics, const struct sample *samples, struct buffer *out)
{
	for (size_t i = 0; i < sizeof page_metrics / sizeof *page_metrics; i++) {
		head(out, page_metrics[i].name, page_metrics[i].help);
		for (size_t j = 0; j < metrics->config->page_count; j++) {
			metrics_sample(out, page_metrics[i].name, "page", samples[j].page->name);
			buffer_format(out, "%" PRId64 "\n", page_metrics[i].value(&samples[j]));
		}
	}
	add_conditions(metrics, samples, out);
}

/* Rows of a page's name and something, for the states that are known. */
static void read_levels(
	struct database *database, const struct page_states *states, struct found *found)
{
	struct statement *row = database_query(
		database, "SELECT DISTINCT page, level FROM lamp WHERE NOT coalesce(gone, 0)", "");

	while (statement_row(row)) {
		const struct page_state *state = page_states_find(states, statement_text(row, 0));
		enum level level;

		if (state != NULL && level_parse(statement_text(row, 1), &level) &&
			level > found[state - states->list].level)
			found[state - states->list].level = level;
	}
	statement_end(row);
}

static void read_alarms(
	struct database *database, const struct page_states *states, struct found *found)
{
	struct statement *row = database_query(database,
		"SELECT page, count(*) FROM alarm WHERE closed IS NULL GROUP BY page", "");

	while (statement_row(row)) {
		const struct page_state *state = page_states_find(states, statement_text(row, 0));

		if (state != NULL)
			found[state - states->list].alarms = statement_integer(row, 1);
	}
	statement_end(row);
}

/* One sample for each page of the configuration. Owned by the caller. */
static struct sample *samples_read(const struct metrics *metrics, const struct page_states *states)
{
	const struct config *config = metrics->config;
	struct sample *samples = memory_zero(config->page_count, sizeof *samples);
	struct found *found = memory_zero(states->count, sizeof *found);

	read_levels(metrics->database, states, found);
	read_alarms(metrics->database, states, found);
	for (size_t i = 0; i < config->page_count; i++) {
		const struct page_state *state = page_states_find(states, config->pages[i].name);

		samples[i] = (struct sample){.page = &config->pages[i], .state = state};
		if (state != NULL)
			samples[i].found = found[state - states->list];
	}
	free(found);
	return samples;
}

static void add_outbox(const struct metrics *metrics, struct buffer *out)
{
	struct outbox_totals totals;

	outbox_total(metrics->database, &totals);
	head(out, "lampwatch_outbox_deliveries", "Messages that are owed, and those given up.");
	metrics_sample(out, "lampwatch_outbox_deliveries", "state", "pending");
	buffer_format(out, "%" PRId64 "\n", totals.pending);
	metrics_sample(out, "lampwatch_outbox_deliveries", "state", "dead");
	buffer_format(out, "%" PRId64 "\n", totals.dead);
	head(out, "lampwatch_outbox_oldest_seconds", "Age of the oldest message that is owed.");
	buffer_format(out, "lampwatch_outbox_oldest_seconds %" PRId64 "\n",
		totals.oldest > 0 && totals.oldest < metrics->now ? metrics->now - totals.oldest
								  : 0);
}

static void add_run(const struct metrics *metrics, struct buffer *out)
{
	head(out, "lampwatch_run_timestamp_seconds", "When the last run began.");
	buffer_format(out, "lampwatch_run_timestamp_seconds %" PRId64 "\n", metrics->now);
	head(out, "lampwatch_run_duration_seconds", "How long the last run took.");
	buffer_format(out, "lampwatch_run_duration_seconds %.3f\n", metrics->duration);
	head(out, "lampwatch_run_exit_status", "Exit status of the last run.");
	buffer_format(out, "lampwatch_run_exit_status %d\n", metrics->status);
}

void metrics_make(const struct metrics *metrics, struct buffer *out)
{
	struct page_states states = {0};
	struct sample *samples;

	add_run(metrics, out);
	if (metrics->database == NULL)
		return;
	store_pages(metrics->database, &states);
	samples = samples_read(metrics, &states);
	add_pages(metrics, samples, out);
	add_outbox(metrics, out);
	page_states_release(&states);
	free(samples);
}

bool metrics_write(const struct metrics *metrics, struct error *error)
{
	struct buffer text = {0};
	bool good = true;

	if (metrics->config->metrics != NULL) {
		metrics_make(metrics, &text);
		good = file_replace(metrics->config->metrics, buffer_string(&text), text.length,
			METRICS_MODE, error);
	}
	buffer_release(&text);
	return good;
}
