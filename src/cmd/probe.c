/* SPDX-License-Identifier: ISC
 *
 * lampwatch probe NAME: makes the checks of a probe now, and shows what came of them; changes
 * nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "cmd/command.h"
#include "model/reading.h"
#include "run/context.h"
#include "run/kinds.h"
#include "run/read_fetch.h"
#include "run/terminal.h"
#include "watch/page_reader.h"

enum { NAME_COLUMNS = 20, TEXT_BEGIN = TERMINAL_LAMP_COLUMNS + 1 + NAME_COLUMNS };

static void print_check(const struct page_config *page, const struct indicator *indicator)
{
	terminal_lamp(level_colour(indicator->level, (enum level)page->settings.red));
	putchar(' ');
	terminal_label(indicator->name, NAME_COLUMNS);
	terminal_wrap_rest(indicator->word, TEXT_BEGIN, TEXT_BEGIN);
}

/* In the order of the configuration. */
static void print_checks(const struct page_config *page, const struct reading *reading)
{
	for (size_t i = 0; i < page->check_count; i++) {
		const struct indicator *indicator =
			reading_indicator(reading, page->checks[i].name);

		if (indicator != NULL)
			print_check(page, indicator);
	}
}

/* What was measured is foreign: a reader parses it. */
static bool read_checks(const struct context *context, const struct page_config *page,
	const struct buffer *body, struct reading *reading, struct error *error)
{
	const struct document document = {buffer_string(body), body->length};
	struct page_answer answer = {0};
	char *bytes;
	bool good = page_read(context->readers, kind_set_of(context->kinds, page), page->url,
		&document, READER_MILLISECONDS, &bytes, &answer, error);

	good = good && reading_parse(answer.text, answer.length, reading, error);
	free(bytes);
	return good;
}

static int complain(const struct page_config *page, const struct error *error)
{
	fprintf(stderr, "lampwatch probe: %s: %s\n", page->name, error->text);
	return error->remedy == REMEDY_LOCAL           ? EXIT_LOCAL
	       : error->remedy == REMEDY_CONFIGURATION ? EXIT_USAGE
						       : EXIT_PENDING;
}

int command_probe(struct context *context, const struct options *options, char **words)
{
	const struct page_config *page = context_probe(context, words[0]);
	struct buffer body = {0};
	struct reading reading = {0};
	struct error error;
	int status = EXIT_DONE;

	(void)options;
	if (page == NULL)
		return EXIT_USAGE;
	if (page->check_count == 0) {
		fprintf(stderr,
			"lampwatch probe: %s is no probe, but a page that somebody else writes\n",
			page->name);
		return EXIT_USAGE;
	}
	if (!fetch_probe(context, page, &body, &error))
		return complain(page, &error);
	if (error.remedy != 0) /* the others were asked */
		status = complain(page, &error);
	if (context->invocation->json)
		fwrite(buffer_string(&body), 1, body.length, stdout);
	else if (read_checks(context, page, &body, &reading, &error))
		print_checks(page, &reading);
	else
		status = complain(page, &error);
	reading_release(&reading);
	buffer_release(&body);
	return status;
}
