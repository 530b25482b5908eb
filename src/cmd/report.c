/* SPDX-License-Identifier: ISC
 *
 * lampwatch report: how available each indicator was, by what its page said; as
 * text, JSON, CSV or one HTML file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "publish/report.h"
#include "publish/report_value.h"
#include "publish/site.h"
#include "run/context.h"
#include "run/print.h"
#include "run/terminal.h"
#include "store/history.h"
#include "store/store.h"

enum { REPORT_DAYS = 30, DAY_SECONDS = 86400, LABEL_COLUMNS = 24 };

/* ---- text ---- */

static void print_duration(int64_t seconds, int columns)
{
	char text[DATE_TEXT_MAX] = "-";

	if (seconds >= 0)
		date_write_duration(seconds, text);
	printf("%*s", columns, text);
}

static void print_outage(const struct report *report, const struct outage *outage)
{
	const char *zone = report->context->config->timezone;
	char lag[DATE_TEXT_MAX];

	fputs(outage->begun ? "      red " : "      red before ", stdout);
	terminal_time(outage->begin, zone);
	fputs(outage->ended ? " to " : " to at least ", stdout);
	terminal_time(outage->end, zone);
	if (outage->said_begin != 0) {
		date_write_duration(llabs(outage->begin - outage->said_begin), lag);
		printf("\n        %s %s the page says it began", lag,
			outage->begin >= outage->said_begin ? "after" : "before");
	}
	if (outage->said_end != 0) {
		date_write_duration(llabs(outage->end - outage->said_end), lag);
		printf("\n        green %s %s its last update on it", lag,
			outage->end >= outage->said_end ? "after" : "before");
	}
	putchar('\n');
}

static void print_row(const struct report *report, const struct report_row *row)
{
	const struct measures *measures = &row->measures;
	char share[REPORT_SHARE_MAX];

	report_availability(measures, share);
	fputs("  ", stdout);
	terminal_text(row->id[0] != '\0' ? row->label : "the page as a whole", LABEL_COLUMNS);
	printf("%11s%4zu", share, measures->outage_count);
	print_duration(measures->red, 11);
	print_duration(measures_repair(measures), 11);
	print_duration(measures->unknown, 12);
	putchar('\n');
	for (size_t i = 0; i < measures->outage_count; i++)
		print_outage(report, &measures->outages[i]);
}

static void print_page(const struct report *report, const struct report_page *page)
{
	const char *zone = report->context->config->timezone;

	terminal_text(page->name, 0);
	fputs("  ", stdout);
	terminal_time(page->since, zone);
	fputs(" to ", stdout);
	terminal_time(page->until, zone);
	printf("\n  %-*s%11s%4s%11s%11s%12s\n", LABEL_COLUMNS, "", "available", "red", "in all",
		"to repair", "unknown");
	for (size_t i = 0; i < page->row_count; i++)
		print_row(report, &page->rows[i]);
}

/* ---- CSV (RFC 4180) ---- */

void report_csv_field(const char *text, struct buffer *out)
{
	buffer_byte(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buffer_byte(out, '"');
		buffer_byte(out, *text);
	}
	buffer_text(out, "\",");
}

/* A spreadsheet takes what begins with one of these for a formula. */
void report_csv_foreign(const char *text, struct buffer *out)
{
	char *visible = text_visible_copy(text);
	char *quoted =
		memory_format("%s%s", strchr("=+-@", visible[0]) != NULL ? "'" : "", visible);

	report_csv_field(visible[0] != '\0' ? quoted : "", out);
	free(quoted);
	free(visible);
}

static void csv_row(const struct report_page *page, const struct report_row *row)
{
	const struct measures *measures = &row->measures;
	char since[DATE_TEXT_MAX], until[DATE_TEXT_MAX], share[REPORT_SHARE_MAX];
	struct buffer line = {0};

	date_write(page->since, since);
	date_write(page->until, until);
	report_share(measures_availability(measures), share);
	share[strcspn(share, " -")] = '\0'; /* a number, or nothing */
	report_csv_field(page->name, &line);
	report_csv_foreign(row->id, &line);
	report_csv_foreign(row->label, &line);
	buffer_format(&line,
		"%s,%s,%s,%zu,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
		",",
		since, until, share, measures->outage_count, measures->up, measures->degraded,
		measures->red, measures->maintenance, measures->unknown,
		measures_longest(measures));
	if (measures_repair(measures) >= 0)
		buffer_format(&line, "%" PRId64, measures_repair(measures));
	buffer_text(&line, "\r\n");
	fputs(buffer_string(&line), stdout);
	buffer_release(&line);
}

/* ---- all forms ---- */

static void show(const struct report *report, const char *name, struct page_states *states)
{
	const struct config *config = report->context->config;
	struct page_state *state = page_states_find(states, name);
	struct page_history history = {0};
	struct report_page page = {0};
	bool any;

	if (state == NULL)
		return;
	store_load(report->database, state);
	history_load(report->database, state, config_page(config, name)->settings.every,
		report->since, report->now, &history);
	any = report_load(
		report->database, config, name, &history, report->since, report->until, &page);
	if (any && report->form == FORM_TEXT)
		print_page(report, &page);
	else if (any && report->form != FORM_CSV)
		value_append(report->list, report_page_value(&page, config));
	for (size_t i = 0; any && report->form == FORM_CSV && i < page.row_count; i++)
		csv_row(&page, &page.rows[i]);
	report_page_release(&page);
	history_release(&history);
	store_unload(state);
}

static int show_all(const struct report *report, char **names)
{
	const struct config *config = report->context->config;
	struct page_states states = {0};
	int result = EXIT_DONE;

	if (report->form == FORM_CSV)
		fputs("page,id,indicator,since,until,availability,outages,up,degraded,red,"
		      "maintenance,unknown,longest,repair\r\n",
			stdout);
	store_pages(report->database, &states);
	for (size_t i = 0; names[0] == NULL && i < config->page_count; i++)
		show(report, config->pages[i].name, &states);
	for (; *names != NULL; names++) {
		if (context_page(report->context, *names) != NULL)
			show(report, *names, &states);
		else
			result = EXIT_USAGE;
	}
	page_states_release(&states);
	return result;
}

/* True where a page that is shown is a probe. */
static bool is_measured(const struct report *report)
{
	bool measured = false;

	for (size_t i = 0; report->list != NULL && i < report->list->count; i++) {
		const struct page_config *page = config_page(
			report->context->config, value_get_text(report->list->members[i], "name"));

		measured = measured || (page != NULL && page->check_count > 0);
	}
	return measured;
}

static int print_html(const struct report *report, const char *template, struct value *root)
{
	char *folder = memory_format("%s/site", report->context->templates);
	struct value *shapes = site_style();
	struct buffer out = {0}, style = {0};
	struct error error;
	int result = EXIT_DONE;

	report_put_times(root, report->since, report->until, report->context->config);
	value_put_boolean(root, "measured", is_measured(report));
	if (template_render_file(folder, "style.txt", shapes, &style, &error)) {
		value_put_text(root, "style", buffer_string(&style));
		if (template_render_file(folder, template, root, &out, &error))
			fwrite(out.data, 1, out.length, stdout);
		else
			result = error_print(&error);
	} else {
		result = error_print(&error);
	}
	value_free(shapes);
	buffer_release(&style);
	buffer_release(&out);
	free(folder);
	return result;
}

/* ---- the command line ---- */

/* The begin (or end) of what a prefix of RFC 3339 names, in the configured zone unless the prefix
 * has its own. */
static bool local_time(const char *text, const char *zone, bool end, int64_t *time)
{
	if (!(end ? date_prefix_end(text, time) : date_prefix_begin(text, time)))
		return false;
	*time += end; /* what is named belongs to it */
	if (strchr(text, 'Z') == NULL &&
		strpbrk(strchr(text, 'T') != NULL ? strchr(text, 'T') : "", "+-") == NULL)
		*time -= date_offset(*time - date_offset(*time, zone), zone);
	return true;
}

static int take_times(struct report *report, const char *since, const char *until)
{
	const char *zone = report->context->config->timezone;
	const char *wrong = NULL;

	report->until = report->now;
	if (until != NULL && !local_time(until, zone, true, &report->until))
		wrong = until;
	report->since = report->until - REPORT_DAYS * DAY_SECONDS;
	if (since != NULL && !local_time(since, zone, false, &report->since))
		wrong = since;
	if (wrong != NULL)
		fprintf(stderr,
			"lampwatch: report: \"%s\" is not a time such as 2026-03, 2026-03-01 or "
			"2026-03-01T12:00\n",
			wrong);
	else if (report->since >= report->until)
		fputs("lampwatch: report: --since is not before --until\n", stderr);
	return wrong == NULL && report->since < report->until ? EXIT_DONE : EXIT_USAGE;
}

int command_report(struct context *context, const struct options *options, char **words)
{
	struct report report = {.context = context,
		.database = context->database,
		.now = context->invocation->clock};
	struct value *root;
	int result = take_times(&report, options->since, options->until);

	if (result != EXIT_DONE)
		return result;
	if (context->invocation->json)
		report.form = FORM_JSON;
	else if (options->form != NULL)
		report.form = text_equal(options->form, "html") ? FORM_HTML : FORM_CSV;
	root = value_map();
	value_put_number(root, "format", 1);
	report.list = value_put(root, options->lag ? "providers" : "pages", value_list());
	if (options->lag)
		result = report_lag(&report, words);
	else if (report.database != NULL)
		result = show_all(&report, words);
	if (report.form == FORM_JSON)
		terminal_json(root);
	else if (report.form == FORM_HTML && result == EXIT_DONE)
		result = print_html(&report, options->lag ? "lag.html" : "report.html", root);
	value_free(root);
	return result;
}
