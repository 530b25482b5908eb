/* SPDX-License-Identifier: ISC */
#include "cmd/add_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/catalogue.h"
#include "config/config.h"
#include "net/http.h"
#include "run/detect.h"
#include "run/terminal.h"

enum {
	LABEL_COLUMNS = 12,
	NAME_COLUMNS = 34,
	KIND_COLUMNS = 18,
	SERVICE_COLUMNS = 24,
	NEXT_LINE_COLUMNS = 4,
};

static const char *const forms[] = {
	[DOCUMENT_JSON] = "JSON", [DOCUMENT_HTML] = "HTML", [DOCUMENT_XML] = "a feed"};

static void print_label(const char *label)
{
	printf("  %-*s", LABEL_COLUMNS, label);
}

static void print_line(const char *label, const char *text)
{
	print_label(label);
	terminal_cut(text, terminal_columns() - LABEL_COLUMNS - 2);
	putchar('\n');
}

/* What the page would not say by this kind. */
static void print_lacks(const struct kind *kind)
{
	char *line = memory_format("lacks %s", kind_lacks(kind));

	print_line("", line);
	free(line);
}

/* The kind and why it is that one; then those that come later, and those that fit at first glance
 * but cannot read the page. */
static void print_kinds(const struct detection *detection)
{
	const struct fitting *chosen = detection->chosen;
	size_t same_form = 0, behind = 0, others = 0;

	for (size_t i = 0; i < detection->count; i++)
		if (detection->list[i].form == chosen->form) {
			same_form++;
			behind += detection->list[i].behind && detection->list[i].readable;
		}
	print_line("kind", kind_name(chosen->kind));
	print_line("", kind_about(chosen->kind));
	if (detection->named) {
		print_line("because", "you named it, and it can read the page");
	} else {
		print_line("because", chosen->address[0] != '\0' ? chosen->address : "its content");
		print_label("");
		printf("is %s that %s\n", forms[chosen->form],
			behind > 0      ? "this kind sees most of"
			: same_form > 1 ? "only this kind can read"
					: "fits this kind and no other");
	}
	if (kind_seen(chosen->kind) == KIND_SEEN_NEVER)
		print_line("note", "this kind follows documentation alone: compare with the page");
	for (size_t i = 0; i < detection->count; i++) {
		const struct fitting *fitting = &detection->list[i];

		if (fitting == chosen)
			continue;
		print_label(others++ == 0 ? "also fits" : "");
		printf("%s, %s\n", kind_name(fitting->kind),
			fitting->tried && !fitting->readable ? "but it cannot read the page"
							     : forms[fitting->form]);
		if (fitting->behind)
			print_lacks(fitting->kind);
	}
}

static void print_colour(enum level level)
{
	terminal_lamp(level_colour(level, LEVEL_PARTIAL_OUTAGE));
}

static void print_overall(const struct reading *reading)
{
	print_label("page");
	print_colour(reading->level);
	printf(" %s", level_label(reading->level));
	if (!text_empty(reading->word)) {
		fputs(" (\"", stdout);
		terminal_text(reading->word, 0);
		fputs("\")", stdout);
	}
	if (!text_empty(reading->title)) {
		fputs(": ", stdout);
		terminal_text(reading->title, 0);
	}
	putchar('\n');
}

static bool is_green(const struct indicator *indicator)
{
	return level_colour(indicator->level, LEVEL_PARTIAL_OUTAGE) == COLOUR_GREEN;
}

static void print_indicators(const struct reading *reading, bool all)
{
	const struct indicator *others = reading_indicator(reading, READING_OTHERS);
	size_t count = reading->indicator_count - (others != NULL), not_green = 0;

	for (size_t i = 0; i < reading->indicator_count; i++)
		not_green +=
			&reading->indicators[i] != others && !is_green(&reading->indicators[i]);
	print_label("indicators");
	if (not_green == 0)
		printf("%zu%s", count, count > 0 ? ", all green" : "");
	else
		printf("%zu, %zu of them not green", count, not_green);
	puts(others != NULL ? "; what is not listed counts as green" : "");
	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *indicator = &reading->indicators[i];

		if (indicator == others || (!all && is_green(indicator)))
			continue;
		print_label("");
		print_colour(indicator->level);
		putchar(' ');
		terminal_text(indicator->name, NAME_COLUMNS);
		printf(" %s\n", level_label(indicator->level));
	}
}

/* A word may be an address, with its secrets, or a name or a file. */
static char *word_public(const char *word)
{
	char *host = strpbrk(word, "@?#") != NULL ? http_url_host(word) : NULL,
	     *public = host != NULL ? http_url_public(word) : memory_string(word);

	free(host);
	return public;
}

void print_detection(const char *word, const struct detection *detection, bool all)
{
	const struct reading *reading = &detection->chosen->reading;

	char *shown = word_public(word), *address = word_public(detection->url);

	terminal_text(shown, 0);
	putchar('\n');
	/* Where the page is, and anything unusual about its address. */
	if (detection->moved)
		print_line("moved to", address);
	else if (detection->url[0] != '\0' && !text_equal(word, detection->url))
		print_line("address", address);
	free(shown);
	free(address);
	if (detection->page_error.text[0] != '\0') {
		print_line("note", "nothing can be read at this address itself:");
		print_line("", detection->page_error.text);
	}
	print_kinds(detection);
	if (reading->word == NULL) {
		print_line("reading", "none: the kind needs further documents, which are not here");
		return;
	}
	print_overall(reading);
	print_indicators(reading, all);
	for (size_t i = 0; i < reading->incident_count; i++)
		print_line(i == 0 ? "incidents" : "", reading->incidents[i].title);
	for (size_t i = 0; i < reading->maintenance_count; i++)
		print_line(i == 0 ? "maintenance" : "", reading->maintenances[i].title);
}

void print_entry(const char *word, bool comment)
{
	char *shown = word_public(word);

	fputs(comment ? "# " : "", stdout);
	terminal_text(shown, 0);
	fputs(": ", stdout);
	free(shown);
}

void print_ambiguous(const char *word, const struct detection *detection)
{
	char *shown = word_public(word), *visible = text_visible_copy(shown);

	fprintf(stderr, "lampwatch add: %s: several kinds fit; --kind says which is right:\n",
		visible);
	for (size_t i = 0; i < detection->count; i++)
		if (detection->list[i].readable)
			fprintf(stderr, "  %-*s %s\n", KIND_COLUMNS,
				kind_name(detection->list[i].kind),
				kind_about(detection->list[i].kind));
	free(visible);
	free(shown);
}

void print_unknown(const struct catalogue *catalogue, const char *word, const char *what)
{
	const char *nearest = catalogue_nearest(catalogue, word),
		   *advice = config_host_advice(word);
	char *visible = text_visible_copy(word);

	fprintf(stderr, "lampwatch: \"%s\" %s%s%s%s\n", visible, what,
		nearest != NULL     ? "; did you mean \""
		: advice[0] != '\0' ? advice
				    : "; add --search looks for a part of a name",
		nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
	free(visible);
}

static void print_service(const char *name, const char *kind, const char *rest)
{
	terminal_text(name, SERVICE_COLUMNS);
	putchar(' ');
	terminal_text(kind, KIND_COLUMNS);
	terminal_wrap_rest(rest, SERVICE_COLUMNS + 1 + KIND_COLUMNS, NEXT_LINE_COLUMNS);
}

static void print_page_service(const struct catalogue_entry *service)
{
	print_service(service->name, service->kind != NULL ? service->kind : "found when added",
		service->url);
}

static void print_probe_service(const struct catalogue_entry *service)
{
	struct buffer names = {0};

	for (size_t i = 0; i < node_count(service->checks); i++)
		buffer_format(&names, "%s%s", i > 0 ? ", " : "",
			node_text(node_find(node_member(service->checks, i), "name")));
	print_service(service->name, "add --probe", buffer_string(&names));
	buffer_release(&names);
}

static bool print_matching(const struct catalogue *catalogue, const char *word,
	void (*print)(const struct catalogue_entry *service))
{
	bool any = false;

	for (int match = MATCH_WORD; match > MATCH_NONE; match--)
		for (size_t i = 0; i < catalogue->count; i++)
			if ((int)service_match(&catalogue->list[i], word) == match) {
				print(&catalogue->list[i]);
				any = true;
			}
	return any;
}

bool print_services(const struct catalogue *catalogue, const char *word)
{
	return print_matching(catalogue, word, print_page_service);
}

bool print_probes(const struct catalogue *probes, const char *word)
{
	return print_matching(probes, word, print_probe_service);
}
