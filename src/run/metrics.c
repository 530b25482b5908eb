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
#include "run/metrics_ledger.h"
#include "store/store.h"
#include "tell/outbox.h"

static const char *const conditions[] = {
	"fresh", "stale", "unreachable", "unreadable", "never read"};

/* A page as the metrics see it. */
struct sample {
	const struct page_state *state; /* NULL: never seen */
	enum level level;               /* the worst of its watched indicators */
	int64_t alarms;                 /* that are open */
	int64_t red;                    /* indicators among them that are red, or fail here */
};

/* Adds name{label="value"} and a blank. */
static void sample(struct buffer *out, const char *name, const char *label, const char *value)
{
	buffer_format(out, "%s{", name);
	metrics_label(out, label, value);
	buffer_text(out, "} ");
}

void metrics_label(struct buffer *out, const char *label, const char *value)
{
	buffer_format(out, "%s=\"", label);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			buffer_byte(out, '\\');
		if (*value == '\n')
			buffer_text(out, "\\n");
		else
			buffer_byte(out, *value);
	}
	buffer_byte(out, '"');
}

void metrics_head(struct buffer *out, const char *name, const char *help)
{
	buffer_format(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static const struct {
	const char *name, *help;
} page_metrics[] = {
	{"lampwatch_page_level",
		"The worst level on the page: 0 operational, 1 notice, 2 maintenance, 3 unknown, "
		"4 degraded, 5 partial outage, 6 major outage."},
	{"lampwatch_page_last_success_timestamp_seconds",
		"When the page was last read, 0 for never."},
	{"lampwatch_page_open_alarms", "Alarms of the page that are open, of any kind."},
	{"lampwatch_page_red_indicators", "Indicators of the page that are red, or fail here."},
	{"lampwatch_page_failed_fetches", "Fetches in a row that failed or could not be read."},
};

static void add_pages(
	const struct metrics *metrics, const struct sample *samples, struct buffer *out)
{
	static const char condition[] = "lampwatch_page_condition";
	const struct page_config *pages = metrics->config->pages;

	for (size_t i = 0; i < sizeof page_metrics / sizeof *page_metrics; i++) {
		metrics_head(out, page_metrics[i].name, page_metrics[i].help);
		for (size_t j = 0; j < metrics->config->page_count; j++) {
			const struct page_state *state = samples[j].state;
			bool read = state != NULL && state->last_success != 0;
			const int64_t values[] = {
				/* A page that was never read is unknown, not green. */
				read ? samples[j].level : LEVEL_UNKNOWN,
				state != NULL ? state->last_success : 0,
				samples[j].alarms,
				samples[j].red,
				state != NULL ? state->failures : 0,
			};

			sample(out, page_metrics[i].name, "page", pages[j].name);
			buffer_format(out, "%" PRId64 "\n", values[i]);
		}
	}
	metrics_head(out, condition, "How well the page is known: 1 for the state that it is in.");
	for (size_t i = 0; i < metrics->config->page_count; i++) {
		const char *now = page_freshness(&pages[i], samples[i].state, metrics->now);

		for (size_t j = 0; j < sizeof conditions / sizeof *conditions; j++)
			buffer_format(out, "%s{page=\"%s\",state=\"%s\"} %d\n", condition,
				pages[i].name, conditions[j], text_equal(now, conditions[j]));
	}
}

/* The sample of a row's page, whose name is its first column; NULL: it is no longer watched. */
static struct sample *sample_of(
	const struct config *config, struct statement *row, struct sample *samples)
{
	const struct page_config *page = config_page(config, statement_text(row, 0));
	struct sample *sample = page != NULL ? &samples[page - config->pages] : NULL;

	return sample != NULL && sample->state != NULL ? sample : NULL;
}

/* One sample for each page of the configuration. Owned by the caller. */
static struct sample *samples_read(const struct metrics *metrics, const struct page_states *states)
{
	const struct config *config = metrics->config;
	struct sample *samples = memory_zero(config->page_count, sizeof *samples), *sample;
	struct statement *row;
	enum level level;

	for (size_t i = 0; i < config->page_count; i++)
		samples[i].state = page_states_find(states, config->pages[i].name);
	row = database_query(metrics->database,
		"SELECT DISTINCT page, level FROM lamp WHERE NOT coalesce(gone, 0)", "");
	while (statement_row(row)) {
		sample = sample_of(config, row, samples);
		if (sample != NULL && level_parse(statement_text(row, 1), &level) &&
			level > sample->level)
			sample->level = level;
	}
	statement_end(row);
	row = database_query(metrics->database,
		"SELECT page, count(*), count(DISTINCT indicator) FILTER (WHERE kind IN"
		" ('red', 'early')) FROM alarm WHERE closed IS NULL GROUP BY page",
		"");
	while (statement_row(row)) {
		sample = sample_of(config, row, samples);
		if (sample == NULL)
			continue;
		sample->alarms = statement_integer(row, 1);
		sample->red = statement_integer(row, 2);
	}
	statement_end(row);
	return samples;
}

static void add_outbox(const struct metrics *metrics, struct buffer *out)
{
	struct outbox_totals totals;

	outbox_total(metrics->database, &totals);
	metrics_head(out, "lampwatch_outbox_deliveries",
		"Messages waiting for delivery, and those given up.");
	sample(out, "lampwatch_outbox_deliveries", "state", "pending");
	buffer_format(out, "%" PRId64 "\n", totals.pending);
	sample(out, "lampwatch_outbox_deliveries", "state", "dead");
	buffer_format(out, "%" PRId64 "\n", totals.dead);
	metrics_head(
		out, "lampwatch_outbox_oldest_seconds", "Age of the oldest message that is owed.");
	buffer_format(out, "lampwatch_outbox_oldest_seconds %" PRId64 "\n",
		totals.oldest > 0 && totals.oldest < metrics->now ? metrics->now - totals.oldest
								  : 0);
}

static void make(const struct metrics *metrics, struct buffer *out)
{
	struct page_states states = {0};
	struct sample *samples;

	metrics_head(out, "lampwatch_run_timestamp_seconds", "When the last run began.");
	buffer_format(out, "lampwatch_run_timestamp_seconds %" PRId64 "\n", metrics->now);
	metrics_head(out, "lampwatch_run_duration_seconds", "How long the last run took.");
	buffer_format(out, "lampwatch_run_duration_seconds %.3f\n", metrics->duration);
	metrics_head(out, "lampwatch_run_exit_status", "Exit status of the last run.");
	buffer_format(out, "lampwatch_run_exit_status %d\n", metrics->status);
	if (metrics->database == NULL)
		return;
	store_pages(metrics->database, &states);
	samples = samples_read(metrics, &states);
	add_pages(metrics, samples, out);
	metrics_add_ledger(metrics, &states, out);
	add_outbox(metrics, out);
	page_states_release(&states);
	free(samples);
}

bool metrics_write(const struct metrics *metrics, struct error *error)
{
	struct buffer text = {0};
	bool good = true;

	if (metrics->config->metrics != NULL && metrics->database != NULL) {
		make(metrics, &text);
		good = database_good(metrics->database, error) &&
		       file_replace(metrics->config->metrics, buffer_string(&text), text.length,
			       FILE_MODE, error);
	}
	buffer_release(&text);
	return good;
}
