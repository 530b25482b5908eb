/* SPDX-License-Identifier: ISC
 *
 * lampwatch read: what a page says, without configuration and without state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/read_json.h"
#include "cmd/read_limit.h"
#include "model/validator.h"
#include "run/context.h"
#include "run/detect.h"
#include "run/kind_choice.h"
#include "run/read_fetch.h"
#include "watch/kind/kind.h"
#include "watch/kind/read.h"

enum { FILE_MAX_BYTES = 64 * 1024 * 1024 }; /* of one document */

/* What the command line says, and what it leads to. */
struct request {
	const char *kind_name, *url, *with_path;
	char **words; /* files, "-" or one address */
	size_t count;
	struct kind *kind; /* owned */
	struct buffer bodies[PAGE_DOCUMENTS_MAX];
	bool there[PAGE_DOCUMENTS_MAX];
};

static bool is_address(const char *word)
{
	return text_starts(word, "http://") || text_starts(word, "https://");
}

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
		if (is_address(request->words[i]) && request->count > 1)
			return usage("an address stands alone: its kind says what else is fetched");
	if (request->with_path != NULL && request->kind_name == NULL)
		return usage("--with needs --kind");
	return EXIT_DONE;
}

static bool read_word(const char *word, struct buffer *body, struct error *error)
{
	body->maximum = FILE_MAX_BYTES;
	if (strcmp(word, "-") == 0)
		return file_read_descriptor(STDIN_FILENO, "standard input", body, error);
	return file_read(word, body, error);
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

/* Takes the one that fits out of kinds. */
static int choose(struct request *request, struct kind_list *kinds, const bool *fits)
{
	struct buffer names = {0};
	size_t fitting = 0;

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

static int complain(const struct request *request, const struct error *error)
{
	const char *word = request->words[0];
	/* The texts of files begin with the path already. */
	bool named = text_starts(error->text, word);

	fprintf(stderr, "lampwatch read: %s%s%s\n", named ? "" : word, named ? "" : ": ",
		error->text);
	return EXIT_PENDING;
}

static int choose_detected(
	struct request *request, struct kind_list *kinds, const struct detection *detection)
{
	bool *fits = memory_zero(kinds->count, sizeof *fits);
	int status;

	for (size_t i = 0; i < kinds->count; i++)
		for (size_t j = 0; j < detection->count; j++)
			if (detection->list[j].kind == kinds->list[i])
				fits[i] = detection->ambiguous
						  ? detection->list[j].readable
						  : &detection->list[j] == detection->chosen;
	status = choose(request, kinds, fits);
	free(fits);
	return status;
}

/* What is behind an address is looked for where each kind would have it, as add does. */
static int detect_behind(const char *templates, struct request *request)
{
	struct detection detection = {0};
	struct kind_list kinds = {0};
	struct error error = {0};
	int status;

	kind_list_load(templates, NULL, &kinds);
	if (detect_address(request->words[0], &kinds, &detection, &error))
		status = choose_detected(request, &kinds, &detection);
	else
		status = complain(request, &error);
	detection_release(&detection);
	kind_list_release(&kinds);
	return status;
}

static int detect(const char *templates, struct request *request)
{
	struct document documents[PAGE_DOCUMENTS_MAX];
	struct kind_list kinds = {0};
	struct error error = {0};
	bool *fits;
	int status;

	kind_list_load(templates, NULL, &kinds);
	fits = memory_zero(kinds.count, sizeof *fits);
	documents_of(request, documents);
	if (read_detect((const struct kind *const *)kinds.list, kinds.count, request->url,
		    &documents[0], fits, &error))
		status = choose(request, &kinds, fits);
	else if (is_address(request->words[0]))
		status = detect_behind(templates, request);
	else
		status = complain(request, &error);
	kind_list_release(&kinds);
	free(fits);
	return status;
}

static int print_reading(const struct invocation *invocation, const struct kind *kind,
	const struct reading *reading, const struct read_report *report)
{
	struct buffer text = {0};

	if (invocation->verbosity > 0)
		fprintf(stderr,
			"%s: %zu rows merged, %zu words unknown, %zu expressions, %zu steps\n",
			kind_name(kind), report->merged_rows, report->unknown_words,
			report->evaluations, report->operations);
	if (invocation->json) {
		reading_json(reading, &text);
		buffer_byte(&text, '\n');
	} else {
		reading_write(reading, &text);
	}
	fwrite(buffer_string(&text), 1, text.length, stdout);
	buffer_release(&text);
	return EXIT_DONE;
}

static int read_documents(const struct invocation *invocation, const struct request *request)
{
	struct document documents[PAGE_DOCUMENTS_MAX];
	struct read_report report = {0};
	struct reading reading = {0};
	struct error error = {0};
	int status;

	documents_of(request, documents);
	if (request->count > kind_document_count(request->kind))
		status = usage("there are more files than the kind has documents");
	else if (read_page(request->kind, request->url, documents, &reading, &report, &error))
		status = print_reading(invocation, request->kind, &reading, &report);
	else
		status = complain(request, &error);
	reading_release(&reading);
	return status;
}

/* The documents of a page, or the one document from which its kind is to be told. */
static int get_documents(struct request *request)
{
	struct error error = {0};

	if (is_address(request->words[0])) {
		if (request->url == NULL)
			request->url = request->words[0];
		if (!fetch_documents(request->words[0], request->kind, request->bodies,
			    request->there, &error))
			return complain(request, &error);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < request->count; i++) {
		if (!read_word(request->words[i], &request->bodies[i], &error))
			return complain(request, &error);
		request->there[i] = true;
	}
	return EXIT_DONE;
}

static void forget_documents(struct request *request)
{
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++) {
		buffer_release(&request->bodies[i]);
		request->there[i] = false;
	}
}

static int prepare(const char *templates, struct request *request)
{
	int status;

	if (request->kind_name != NULL) {
		request->kind = kind_choose(
			"read", templates, NULL, request->kind_name, request->with_path);
		return request->kind != NULL ? get_documents(request) : EXIT_USAGE;
	}
	status = get_documents(request);
	if (status == EXIT_DONE)
		status = detect(templates, request);
	if (status != EXIT_DONE || !is_address(request->words[0]))
		return status;
	/* Now that the kind is known, its other documents and its own address for the first. */
	forget_documents(request);
	return get_documents(request);
}

int command_read(struct context *context, const struct options *options, char **words)
{
	struct request request = {.kind_name = options->kind,
		.url = options->url,
		.with_path = options->with,
		.words = words};
	int status;

	while (words[request.count] != NULL)
		request.count++;
	status = check_words(&request);
	if (status != EXIT_DONE)
		return status;
	read_limit("read", words[0]);
	status = prepare(context->templates, &request);
	if (status == EXIT_DONE)
		status = read_documents(context->invocation, &request);
	forget_documents(&request);
	kind_free(request.kind);
	return status;
}
