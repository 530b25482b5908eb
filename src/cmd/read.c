/* SPDX-License-Identifier: ISC
 *
 * lampwatch read: prints what a page says, without configuration and without state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/page_word.h"
#include "cmd/read_json.h"
#include "model/validator.h"
#include "run/context.h"
#include "run/detect.h"
#include "run/kind_choice.h"
#include "run/read_fetch.h"
#include "watch/kind/kind.h"
#include "watch/page_reader.h"

/* What the command line says, and what it leads to. */
struct request {
	const struct context *context;
	const char *kind_name, *url, *with_path;
	char **words; /* files, "-" or one address */
	size_t count;
	struct kind *kind; /* owned */
	struct buffer bodies[PAGE_DOCUMENTS_MAX];
	bool there[PAGE_DOCUMENTS_MAX];
};

static int usage(const char *complaint)
{
	fprintf(stderr,
		"lampwatch read: %s\nusage: lampwatch read [--kind KIND] [--url URL] [--with FILE] "
		"URL|FILE...|-\n",
		complaint);
	return EXIT_USAGE;
}

int read_misused(const struct invocation *invocation)
{
	(void)invocation;
	return usage("its options are --kind, --url and --with, each with a value");
}

static int check_words(const struct request *request)
{
	if (request->count == 0)
		return usage("it takes an address, files or -");
	if (request->count > PAGE_DOCUMENTS_MAX)
		return usage("a page has at most 8 documents");
	for (size_t i = 0; i < request->count; i++)
		if (page_word_is_address(request->words[i]) && request->count > 1)
			return usage("an address must be the only argument: its kind says what "
				     "else is fetched");
	if (request->with_path != NULL && request->kind_name == NULL)
		return usage("--with needs --kind");
	return EXIT_DONE;
}

static void documents_of(
	const struct request *request, struct document documents[static PAGE_DOCUMENTS_MAX])
{
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		documents[i] = request->there[i]
				       ? (struct document){buffer_string(&request->bodies[i]),
						 request->bodies[i].length}
				       : (struct document){0};
}

/* Takes the kind that fits out of the list, where it is the only one of its family that sees most,
 * and no other family's fits. */
static int choose(struct request *request, struct kind_list *kinds, bool *fits)
{
	struct buffer names = {0};
	size_t fitting = 0;

	kind_list_prefer(kinds, fits);
	for (size_t i = 0; i < kinds->count; i++) {
		if (!fits[i])
			continue;
		buffer_format(&names, "%s%s", fitting++ > 0 ? ", " : "", kind_name(kinds->list[i]));
		if (fitting == 1) {
			request->kind = kinds->list[i];
			kinds->list[i] = NULL;
		}
	}
	if (fitting > 1)
		fprintf(stderr, "lampwatch read: %s: several kinds fit: %s; --kind says which\n",
			request->words[0], buffer_string(&names));
	buffer_release(&names);
	return fitting == 1 ? EXIT_DONE : EXIT_USAGE;
}

/* Detects the kind from the one document at hand. Where that fails for an address, looks where each
 * kind would have its documents, as `add` does. */
static int detect(const char *templates, struct request *request)
{
	const char *word = request->words[0];
	struct document documents[PAGE_DOCUMENTS_MAX];
	struct detection detection = {0};
	struct kind_list kinds = {0};
	enum document_form form;
	struct error error = {0};
	bool *fits, found;
	int status;

	kind_list_load(templates, NULL, &kinds);
	fits = memory_zero(kinds.count, sizeof *fits);
	documents_of(request, documents);
	found = page_detect(request->context->readers, (const struct kind *const *)kinds.list,
		kinds.count, request->url, &documents[0], READER_MILLISECONDS, fits, &form, &error);
	if (!found && page_word_is_address(word)) {
		found = detect_address(request->context, word, &kinds, &detection, &error);
		for (size_t i = 0; i < kinds.count; i++)
			for (size_t j = 0; j < detection.count; j++)
				if (detection.list[j].kind == kinds.list[i])
					fits[i] = detection.ambiguous
							  ? detection.list[j].readable
							  : &detection.list[j] == detection.chosen;
	}
	status = found ? choose(request, &kinds, fits) : page_word_complain("read", word, &error);
	detection_release(&detection);
	kind_list_release(&kinds);
	free(fits);
	return status;
}

/* What rows that share an id mean, a line each. */
static void print_notes(const char *notes)
{
	char *copy = memory_string(notes), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		char *text = line, *name = strsep(&text, "\t"), *visible;

		if (text == NULL)
			continue;
		visible = text_visible_copy(text);
		fprintf(stderr, "%s: %s\n", name, visible);
		free(visible);
	}
	free(copy);
}

static bool print_json(const struct page_answer *answer, struct error *error)
{
	struct reading reading = {0};
	struct buffer text = {0};
	bool good = reading_parse(answer->text, answer->length, &reading, error);

	if (good) {
		reading_json(&reading, &text);
		puts(buffer_string(&text));
	}
	buffer_release(&text);
	reading_release(&reading);
	return good;
}

static int print_reading(const struct invocation *invocation, const struct request *request)
{
	struct document documents[PAGE_DOCUMENTS_MAX];
	struct page_answer answer = {0};
	struct error error = {0};
	char *bytes;
	bool good;

	if (request->count > kind_document_count(request->kind))
		return usage("there are more files than the kind has documents");
	documents_of(request, documents);
	good = page_read(request->context->readers, request->kind, request->url, documents,
		READER_MILLISECONDS, &bytes, &answer, &error);
	if (good && invocation->verbosity > 0) {
		fprintf(stderr,
			"%s: %zu rows merged, %zu words unknown, %zu expressions, %zu steps\n",
			kind_name(request->kind), answer.counts.merged_rows,
			answer.counts.unknown_words, answer.counts.evaluations,
			answer.counts.operations);
		print_notes(answer.notes);
	}
	if (good && invocation->json)
		good = print_json(&answer, &error);
	else if (good)
		fwrite(answer.text, 1, answer.length, stdout);
	free(bytes);
	return good ? EXIT_DONE : page_word_complain("read", request->words[0], &error);
}

/* Gets the documents of a page, or, while its kind is not known, the one to detect it from. */
static int get_documents(struct request *request)
{
	const char *word = request->words[0];
	struct error error = {0};
	bool good = true;

	if (page_word_is_address(word)) {
		if (request->url == NULL)
			request->url = word;
		good = fetch_documents(request->context, word, request->kind, request->bodies,
			request->there, &error);
	} else {
		for (size_t i = 0; good && i < request->count; i++)
			good = request->there[i] =
				page_word_read(request->words[i], &request->bodies[i], &error);
	}
	return good ? EXIT_DONE : page_word_complain("read", word, &error);
}

static void forget_documents(struct request *request)
{
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++) {
		buffer_release(&request->bodies[i]);
		request->there[i] = false;
	}
}

int command_read(struct context *context, const struct options *options, char **words)
{
	struct request request = {.context = context,
		.kind_name = options->kind,
		.url = options->url,
		.with_path = options->with,
		.words = words};
	int status;

	while (words[request.count] != NULL)
		request.count++;
	status = check_words(&request);
	if (status != EXIT_DONE)
		return status;
	if (options->kind != NULL) {
		status = kind_choose("read", context->templates, NULL, options->kind, options->with,
			&request.kind);
		if (status == EXIT_DONE)
			status = get_documents(&request);
	} else {
		status = get_documents(&request);
		if (status == EXIT_DONE)
			status = detect(context->templates, &request);
		if (status == EXIT_DONE && page_word_is_address(words[0])) {
			/* Now that the kind is known, its other documents and its own address for
			 * the first. */
			forget_documents(&request);
			status = get_documents(&request);
		}
	}
	if (status == EXIT_DONE)
		status = print_reading(context->invocation, &request);
	forget_documents(&request);
	kind_free(request.kind);
	return status;
}
