/* SPDX-License-Identifier: ISC
 *
 * lampwatch kinds: lists the kinds, shows what a kind's file selects on a saved page, or writes a
 * first one from such a page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cmd/command.h"
#include "cmd/page_word.h"
#include "config/config.h"
#include "model/validator.h"
#include "run/context.h"
#include "run/print.h"
#include "run/kind_choice.h"
#include "run/terminal.h"
#include "watch/kind/kind.h"
#include "watch/page_reader.h"

enum {
	FILE_MAX_BYTES = 64 * 1024 * 1024, /* of one document */
	NAME_COLUMNS = 18,
	SEEN_COLUMNS = 6,
};

/* A kind's name, what it was written from and what it reads, which are read from the file even of
 * kinds that need parameters. */
static void print_kind(const char *templates, const char *folder, const char *name)
{
	char *path = kind_find(templates, folder, name);
	bool own = path != NULL && folder != NULL && text_starts(path, folder);
	struct problems problems = {0};
	struct yaml *yaml = path != NULL ? yaml_load(path, &problems) : NULL;
	const char *about = yaml != NULL ? node_text(node_find(yaml_root(yaml), "about"))
					 : "(its file is broken)";
	const char *seen = yaml != NULL ? node_text(node_find(yaml_root(yaml), "seen")) : NULL;

	terminal_text(name, NAME_COLUMNS);
	putchar(' ');
	terminal_text(seen != NULL ? seen : "", SEEN_COLUMNS);
	printf(" %s", own ? "(yours) " : "");
	terminal_cut(about, terminal_columns() - NAME_COLUMNS - SEEN_COLUMNS - 2 -
				    (own ? strlen("(yours) ") : 0));
	putchar('\n');
	yaml_close(yaml);
	problems_release(&problems);
	free(path);
}

/* The folder of the user's kinds. Errors elsewhere in the configuration do not matter here. */
static char *user_folder(const struct invocation *invocation)
{
	char *path = config_find(invocation->config_path), *folder = NULL;
	struct problems problems = {0};
	struct config *config = path != NULL ? config_read(path, NULL, &problems) : NULL;

	if (config != NULL)
		folder = memory_string(config->kinds);
	config_free(config);
	problems_release(&problems);
	free(path);
	return folder;
}

static int list_kinds(const struct context *context)
{
	struct text_list names = {0};
	char *folder = user_folder(context->invocation);
	int status = EXIT_DONE;
	struct error error;

	if (!kind_names(context->templates, folder, &names, &error))
		status = error_print(&error);
	for (size_t i = 0; i < names.count && status == EXIT_DONE; i++)
		print_kind(context->templates, folder, names.list[i]);
	text_list_release(&names);
	free(folder);
	return status;
}

/* The documents of the page on which a kind is tested. */
struct test {
	const char *url; /* NULL: not given */
	char **words;
	size_t count;
	struct buffer bodies[PAGE_DOCUMENTS_MAX];
	struct document documents[PAGE_DOCUMENTS_MAX];
};

static bool read_files(struct test *test)
{
	for (size_t i = 0; i < test->count; i++) {
		struct error error;

		test->bodies[i].maximum = FILE_MAX_BYTES;
		if (!file_read_named(test->words[i], &test->bodies[i], &error)) {
			fprintf(stderr, "lampwatch kinds: %s\n", error.text);
			return false;
		}
		test->documents[i] =
			(struct document){buffer_string(&test->bodies[i]), test->bodies[i].length};
	}
	return true;
}

static void print_count(size_t count, const char *what)
{
	printf(", %zu %s%s", count, what, count == 1 ? "" : "s");
}

static int test_kind(struct readers *readers, const struct kind *kind, const struct test *test)
{
	struct page_trace trace;
	struct error error;
	bool good;

	if (!page_trace(readers, kind, test->url, test->documents, &trace, &error))
		return page_word_complain("kinds", test->words[0], &error);
	good = trace.failure[0] == '\0';
	printf("detect\n  %s\n%s",
		trace.fits ? "yes"
		: good     ? "no: add would not find this kind by itself"
			   : "no: this page is not of this kind",
		trace.text);
	if (good) {
		printf("reading\n  %s", level_name(trace.level));
		print_count(trace.indicators, "indicator");
		print_count(trace.incidents, "incident");
		print_count(trace.maintenances, "maintenance");
		if (trace.counts.merged_rows > 0)
			print_count(trace.counts.merged_rows, "merged row");
		if (trace.counts.unknown_words > 0)
			print_count(trace.counts.unknown_words, "unknown word");
		putchar('\n');
	} else {
		fflush(stdout);
		fprintf(stderr, "lampwatch kinds: %s: %s\n", test->words[0], trace.failure);
	}
	page_trace_release(&trace);
	return good ? EXIT_DONE : EXIT_PENDING;
}

static int run_test(const struct context *context, const struct options *options, struct test *test)
{
	char *folder = user_folder(context->invocation);
	struct kind *kind = NULL;
	int status = kind_choose(
		"kinds", context->templates, folder, options->test, options->with, &kind);

	if (status == EXIT_DONE && test->count > kind_document_count(kind)) {
		fprintf(stderr,
			"lampwatch kinds: there are more files than the kind has documents\n");
		status = EXIT_USAGE;
	} else if (status == EXIT_DONE) {
		status = read_files(test) ? test_kind(context->readers, kind, test) : EXIT_PENDING;
	}
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		buffer_release(&test->bodies[i]);
	kind_free(kind);
	free(folder);
	return status;
}

static int sketch_page(const struct context *context, const char *word)
{
	char *folder = user_folder(context->invocation), *written = NULL;
	struct kind_list kinds = {0};
	struct buffer body = {0};
	struct document document;
	int status = EXIT_DONE;
	struct error error;

	kind_list_load(context->templates, folder, &kinds);
	kind_list_add_generic(context->templates, &kinds);
	if (page_word_read(word, &body, &error)) {
		document = (struct document){buffer_string(&body), body.length};
		written = page_sketch(context->readers, (const struct kind *const *)kinds.list,
			kinds.count, &document, &error);
	}
	if (written != NULL)
		fputs(written, stdout);
	else
		status = page_word_complain("kinds", word, &error);
	free(written);
	buffer_release(&body);
	kind_list_release(&kinds);
	free(folder);
	return status;
}

/* What is wrong with the words and options; NULL: nothing. */
static const char *misuse(const struct options *options, size_t pages)
{
	bool test = options->test != NULL, sketch = options->sketch != NULL;
	const struct {
		bool is_so;
		const char *wrong;
	} rules[] = {
		{test && sketch, "--test and --sketch are two calls"},
		{sketch && pages > 0, "--sketch takes one page"},
		{test && pages == 0, "--test needs a saved page"},
		{!test && pages > 0, "a page is given to --test or --sketch"},
		{pages > PAGE_DOCUMENTS_MAX, "no page has so many documents"},
		{!test && (options->url != NULL || options->with != NULL),
			"--url and --with belong to --test"},
	};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].is_so)
			return rules[i].wrong;
	return NULL;
}

int command_kinds(struct context *context, const struct options *options, char **words)
{
	struct test test = {.url = options->url, .words = words};
	const char *wrong;

	while (words[test.count] != NULL)
		test.count++;
	wrong = misuse(options, test.count);
	if (wrong != NULL) {
		fprintf(stderr, "lampwatch kinds: %s\n", wrong);
		return usage_error(context->invocation);
	}
	if (options->sketch != NULL)
		return sketch_page(context, options->sketch);
	return options->test != NULL ? run_test(context, options, &test) : list_kinds(context);
}
