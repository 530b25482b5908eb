/* SPDX-License-Identifier: ISC */
#include "run/metrics_ledger.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "config/config.h"
#include "publish/ledger_load.h"
#include "run/metrics.h"

#define LAG "lampwatch_page_lag_seconds"
#define DISAGREEMENT "lampwatch_page_disagreement_seconds"

enum { REACH_SECONDS = 30 * 86400 };

struct ledgers {
	struct ledger_page *list;
	size_t count;
};

static void add_sample(struct buffer *out, const char *name, const struct ledger_page *page,
	const struct ledger_row *row, const char *type, int64_t value)
{
	buffer_format(out, "%s{", name);
	metrics_label(out, "page", page->config->name);
	buffer_byte(out, ',');
	metrics_label(out, "indicator", row->id);
	buffer_byte(out, ',');
	metrics_label(out, "name", row->label);
	buffer_byte(out, ',');
	metrics_label(out, "type", type);
	buffer_format(out, "} %" PRId64 "\n", value);
}

/* Of the last outage of which it is known. */
static void add_lags(
	struct buffer *out, const struct ledger_page *page, const struct ledger_row *row)
{
	const struct lag *began = NULL, *ended = NULL;

	for (size_t i = 0; i < row->incidents.count; i++) {
		const struct ledger_incident *incident = &row->incidents.list[i];

		began = incident->began.state == LAG_KNOWN ? &incident->began : began;
		ended = incident->ended.state == LAG_KNOWN ? &incident->ended : ended;
	}
	if (began != NULL)
		add_sample(out, LAG, page, row, "red", began->seconds);
	if (ended != NULL)
		add_sample(out, LAG, page, row, "green", ended->seconds);
}

/* Nothing where either side is not known now. */
static void add_disagreement(
	struct buffer *out, const struct ledger_page *page, const struct ledger_row *row)
{
	struct comparisons comparisons = {0};
	const struct comparison *last;
	int64_t now = page->until - 1;

	comparisons_take(&row->lamp, &row->fact, page->since, page->until, &comparisons);
	last = comparisons.count > 0 ? &comparisons.list[comparisons.count - 1] : NULL;
	if (last != NULL && last->lamp != LEVEL_UNKNOWN && last->fact != LEVEL_UNKNOWN) {
		add_sample(out, DISAGREEMENT, page, row, "early",
			comparison_early(last) ? now - last->begin : 0);
		add_sample(out, DISAGREEMENT, page, row, "late",
			comparison_late(last, row->heard) ? now - last->begin : 0);
	}
	comparisons_release(&comparisons);
}

static void add_each(struct buffer *out, const struct ledgers *ledgers,
	void (*add)(
		struct buffer *out, const struct ledger_page *page, const struct ledger_row *row))
{
	for (size_t i = 0; i < ledgers->count; i++)
		for (size_t j = 0; j < ledgers->list[i].row_count; j++)
			add(out, &ledgers->list[i], &ledgers->list[i].rows[j]);
}

void metrics_add_ledger(
	const struct metrics *metrics, const struct page_states *states, struct buffer *out)
{
	const struct config *config = metrics->config;
	struct ledgers ledgers = {0};

	for (size_t i = 0; i < config->page_count; i++)
		if (config->pages[i].fact_count > 0)
			ledger_load(metrics->database, config, states, &config->pages[i],
				metrics->now - REACH_SECONDS, metrics->now + 1, metrics->now,
				memory_append(&ledgers.list, &ledgers.count, sizeof *ledgers.list));
	if (ledgers.count > 0) {
		metrics_head(out, LAG,
			"How long after our checks the lamp turned, in the last outage of 30 days "
			"of "
			"which that is known; negative where the page was first.");
		add_each(out, &ledgers, add_lags);
		metrics_head(out, DISAGREEMENT,
			"For how long the lamp has said otherwise than our checks; early: it is "
			"not "
			"red, and they fail.");
		add_each(out, &ledgers, add_disagreement);
	}
	for (size_t i = 0; i < ledgers.count; i++)
		ledger_page_release(&ledgers.list[i]);
	free(ledgers.list);
}
