/* SPDX-License-Identifier: ISC
 *
 * lampwatch report --lag: how long after a service failed its page said so, and how long after it
 * was back.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/json.h"
#include "base/list.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "publish/ledger_load.h"
#include "publish/ledger_value.h"
#include "run/context.h"
#include "run/terminal.h"
#include "store/store.h"

/* ---- text ---- */

static void print_lags(const char *what, const struct lag_figures *figures, bool never)
{
	char median[LAG_TEXT_MAX] = "-", worst[LAG_TEXT_MAX] = "-", count[LAG_TEXT_MAX] = "-";
	int64_t seconds;

	if (lag_median(figures, &seconds))
		lag_write_seconds(seconds, median);
	if (lag_worst(figures, &seconds))
		lag_write_seconds(seconds, worst);
	if (never)
		snprintf(count, sizeof count, "%zu", figures->never);
	printf("    %-22s%14s%14s%7s%9zu%10zu\n", what, median, worst, count, figures->not_yet,
		figures->unknown);
}

/* Figures, and releases them. */
static void print_figures(const char *label, struct ledger_figures *figures)
{
	fputs("  ", stdout);
	terminal_cut(label, 38);
	printf(": %zu outage%s", figures->count, figures->count == 1 ? "" : "s");
	if (figures->alone > 0)
		printf("; %zu time%s the lamp alone", figures->alone,
			figures->alone == 1 ? "" : "s");
	putchar('\n');
	print_lags("lamp red after", &figures->began, true);
	print_lags("lamp green after", &figures->ended, false);
	ledger_figures_release(figures);
}

static void print_turn(const char *what, int64_t time, const char *zone)
{
	printf("        %s ", what);
	terminal_time(time, zone);
}

static void print_lag(const struct lag *lag)
{
	char words[LAG_TEXT_MAX];

	lag_write(lag, words);
	printf("%s%s\n", lag->state == LAG_KNOWN ? ", " : "", lag->state == LAG_KNOWN ? words : "");
}

static void print_fact_begin(const struct ledger_incident *incident, const char *zone)
{
	const struct ledger_side *fact = &incident->fact;

	if (fact->there) {
		fputs(fact->begun ? "      failed " : "      failed before ", stdout);
		terminal_time(fact->begin, zone);
	} else {
		fputs(incident->began.state == LAG_UNKNOWN ? "      whether it failed is not known"
							   : "      nothing failed here",
			stdout);
	}
	putchar('\n');
}

static void print_lamp_begin(const struct ledger_incident *incident, const char *zone)
{
	const struct ledger_side *lamp = &incident->lamp;
	char words[LAG_TEXT_MAX];

	if (lamp->there) {
		print_turn(lamp->begun ? "lamp red" : "lamp red before", lamp->begin, zone);
		print_lag(&incident->began);
	} else {
		lag_write(&incident->began, words);
		printf("        lamp red: %s\n", words);
	}
	if (incident->said != 0) {
		print_turn("began, says the page,", incident->said, zone);
		putchar('\n');
	}
}

static void print_ends(const struct ledger_incident *incident, const char *zone)
{
	const struct ledger_side *fact = &incident->fact, *lamp = &incident->lamp;

	if (fact->open) {
		puts("        still failing");
	} else if (fact->there) {
		print_turn(fact->ended ? "works again" : "failed until at least", fact->end, zone);
		putchar('\n');
	}
	if (lamp->open) {
		puts("        lamp still red");
	} else if (lamp->there) {
		print_turn(lamp->ended ? "lamp green" : "lamp red until at least", lamp->end, zone);
		print_lag(&incident->ended);
	}
}

static void print_incident(const struct ledger_incident *incident, const char *zone)
{
	print_fact_begin(incident, zone);
	print_lamp_begin(incident, zone);
	print_ends(incident, zone);
}

static void print_ledger(const struct report *report, const struct ledger *ledger)
{
	const char *zone = report->context->config->timezone;
	struct ledger_figures figures = {0};

	terminal_text(ledger->provider, 0);
	fputs("  ", stdout);
	terminal_time(report->since, zone);
	fputs(" to ", stdout);
	terminal_time(report->until, zone);
	printf("\n    %-22s%14s%14s%7s%9s%10s\n", "", "median", "worst", "never", "not yet",
		"not known");
	ledger_take_figures(ledger, &figures);
	print_figures("in all", &figures);
	for (size_t i = 0; i < ledger->count; i++)
		for (size_t j = 0; j < ledger->pages[i].row_count; j++) {
			const struct ledger_row *row = &ledger->pages[i].rows[j];

			ledger_figures_add(&figures, &row->incidents);
			print_figures(row->label, &figures);
			for (size_t k = row->incidents.count; k > 0; k--)
				print_incident(&row->incidents.list[k - 1], zone);
		}
}

/* ---- CSV ---- */

static void csv_time(bool there, int64_t time, struct buffer *line)
{
	char text[DATE_TEXT_MAX] = "";

	if (there)
		date_write(time, text);
	buffer_format(line, "%s,", text);
}

static void csv_side(const struct ledger_side *side, struct buffer *line)
{
	csv_time(side->there, side->begin, line);
	csv_time(side->there && !side->open, side->end, line);
}

static void csv_lag(const struct lag *lag, const char *end, struct buffer *line)
{
	buffer_format(line, "%s,", lag_state_name(lag->state));
	if (lag->state == LAG_KNOWN)
		buffer_format(line, "%" PRId64, lag->seconds);
	buffer_text(line, end);
}

static void csv_incident(const struct ledger *ledger, const struct ledger_page *page,
	const struct ledger_row *row, const struct ledger_incident *incident)
{
	struct buffer line = {0};

	report_csv_field(ledger->provider, &line);
	report_csv_field(page->config->name, &line);
	report_csv_foreign(row->id, &line);
	report_csv_foreign(row->label, &line);
	csv_side(&incident->fact, &line);
	csv_side(&incident->lamp, &line);
	csv_time(incident->said != 0, incident->said, &line);
	csv_lag(&incident->began, ",", &line);
	csv_lag(&incident->ended, "\r\n", &line);
	fputs(buffer_string(&line), stdout);
	buffer_release(&line);
}

static void csv_ledger(const struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->count; i++)
		for (size_t j = 0; j < ledger->pages[i].row_count; j++) {
			const struct ledger_row *row = &ledger->pages[i].rows[j];

			for (size_t k = 0; k < row->incidents.count; k++)
				csv_incident(
					ledger, &ledger->pages[i], row, &row->incidents.list[k]);
		}
}

/* ---- all forms ---- */

static void show(const struct report *report, const struct page_states *states,
	const char *provider, char **names)
{
	const struct config *config = report->context->config;
	struct ledger ledger = {0};

	ledger_of_provider(report->database, config, states, provider, names, report->since,
		report->until, report->now, &ledger);
	if (ledger.count > 0 && report->form == FORM_TEXT)
		print_ledger(report, &ledger);
	else if (ledger.count > 0 && report->form == FORM_CSV)
		csv_ledger(&ledger);
	else if (ledger.count > 0)
		value_append(report->list, ledger_value(&ledger, config));
	ledger_release(&ledger);
}

/* Names that are wrong are told; what has no facts is none of them. */
static int check_names(const struct report *report, char **names, bool *any)
{
	const struct config *config = report->context->config;
	int result = EXIT_DONE;

	for (size_t i = 0; names[0] == NULL && i < config->page_count; i++)
		*any = *any || config->pages[i].fact_count > 0;
	for (; *names != NULL; names++) {
		if (context_page(report->context, *names) == NULL)
			result = EXIT_USAGE;
		else
			*any = *any || config_page(config, *names)->fact_count > 0;
	}
	return result;
}

int report_lag(const struct report *report, char **names)
{
	struct page_states states = {0};
	struct text_list providers = {0};
	bool any = false;
	int result = check_names(report, names, &any);

	if (report->form == FORM_CSV)
		fputs("provider,page,id,indicator,failed,works,red,green,said,began,lag_began,"
		      "ended,lag_ended\r\n",
			stdout);
	if (!any && result == EXIT_DONE && report->form == FORM_TEXT)
		puts(names[0] == NULL
				? "no page has facts: nothing here shows how a service really is"
				: "none of these pages has facts: nothing shows how its service "
				  "really is");
	if (any && report->database != NULL) {
		store_pages(report->database, &states);
		ledger_providers(report->context->config, &providers);
		for (size_t i = 0; i < providers.count; i++)
			show(report, &states, providers.list[i], names);
	}
	text_list_release(&providers);
	page_states_release(&states);
	return result;
}
