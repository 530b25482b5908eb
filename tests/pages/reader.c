/* SPDX-License-Identifier: ISC
 *
 * reader TEMPLATES: reads pages as `lampwatch read` does, one after the other in one process, so
 *that a thousand of them do not load fifty kinds a thousand times.
 *
 * Each line of standard input is one page: kind ("-": to be told from the page alone), url ("-":
 *none), a file with parameters ("-": none), and the page's documents, tabs between them: a path,
 *"-" for one that was not fetched, or "=" and the number of its bytes, which follow the line. For
 *each it prints a line, and so many bytes:
 *
 *	read KIND BYTES         the reading in its canonical text
 *	unreadable - BYTES      the complaint
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "model/reading.h"
#include "run/kind_choice.h"
#include "run/print.h"
#include "watch/kind/kind.h"
#include "watch/kind/read.h"

enum { DOCUMENTS_MAX = 8 };

/* The kind that was named last: thousands of pages of one kind follow each other. */
struct last_kind {
	char *name, *with; /* owned; NULL: none */
	struct kind *kind; /* owned */
};

/* One line of standard input. */
struct request {
	const char *kind, *url, *with;
	const char *paths[DOCUMENTS_MAX];
	size_t count;
};

static const char *word_or_null(char **rest)
{
	const char *word = strsep(rest, "\t");

	return word != NULL && strcmp(word, "-") != 0 ? word : NULL;
}

static struct request request_parse(char *line)
{
	struct request request = {0};

	line[strcspn(line, "\n")] = '\0';
	request.kind = word_or_null(&line);
	request.url = word_or_null(&line);
	request.with = word_or_null(&line);
	while (line != NULL && request.count < DOCUMENTS_MAX)
		request.paths[request.count++] = strsep(&line, "\t");
	return request;
}

/* The kind that is named, with its parameters; NULL after complaints. */
static struct kind *kind_named(
	const char *templates, const struct request *request, struct buffer *complaint)
{
	struct problems problems = {0};
	struct yaml *with = request->with != NULL ? yaml_load(request->with, &problems) : NULL;
	char *path = kind_find(templates, NULL, request->kind);
	struct kind *kind = NULL;

	if (path != NULL)
		kind = kind_load(
			path, with != NULL ? yaml_root(with) : (struct node){0}, &problems);
	for (size_t i = 0; i < problems.count; i++) {
		problem_write(&problems.list[i], complaint);
		buffer_byte(complaint, '\n');
	}
	problems_release(&problems);
	yaml_close(with);
	free(path);
	return kind;
}

/* The one kind that fits; NULL after a complaint. */
static const struct kind *kind_told(const struct kind_list *kinds, const char *url,
	const struct document *document, struct buffer *complaint)
{
	bool *fits = memory_zero(kinds->count, sizeof *fits);
	struct error error = {0};
	const struct kind *kind = NULL;
	size_t fitting = 0;

	if (!read_detect((const struct kind *const *)kinds->list, kinds->count, url, document, fits,
		    &error))
		buffer_format(complaint, "%s\n", error.text);
	kind_list_prefer(kinds, fits);
	for (size_t i = 0; i < kinds->count; i++)
		if (fits[i] && fitting++ == 0)
			kind = kinds->list[i];
	if (fitting > 1)
		buffer_format(complaint, "several kinds fit\n");
	free(fits);
	return fitting == 1 ? kind : NULL;
}

static const struct kind *kind_again(struct last_kind *last, const char *templates,
	const struct request *request, struct buffer *complaint)
{
	if (last->kind != NULL && text_equal(last->name, request->kind) &&
		text_equal(last->with, request->with))
		return last->kind;
	kind_free(last->kind);
	memory_set(&last->name, request->kind);
	memory_set(&last->with, request->with);
	last->kind = kind_named(templates, request, complaint);
	return last->kind;
}

static void get_document(const char *path, struct buffer *body)
{
	struct error error = {0};
	bool good;

	if (path[0] == '=') {
		size_t length = (size_t)atol(path + 1);
		char *bytes = memory_zero(1, length + 1);

		good = fread(bytes, 1, length, stdin) == length;
		buffer_add(body, bytes, length);
		free(bytes);
	} else {
		good = file_read(path, body, &error);
	}
	if (good)
		return;
	fprintf(stderr, "reader: %s: %s\n", path, error.text);
	exit(1);
}

static void read_one(const struct kind_list *kinds, const char *templates,
	const struct request *request, struct last_kind *last)
{
	struct buffer bodies[DOCUMENTS_MAX] = {0}, text = {0}, complaint = {0};
	struct document documents[DOCUMENTS_MAX] = {0};
	const struct kind *kind;
	struct reading reading = {0};
	struct error error = {0};
	bool good;

	for (size_t i = 0; i < request->count; i++) {
		if (strcmp(request->paths[i], "-") == 0)
			continue;
		get_document(request->paths[i], &bodies[i]);
		documents[i] = (struct document){buffer_string(&bodies[i]), bodies[i].length};
	}
	if (request->kind != NULL)
		kind = kind_again(last, templates, request, &complaint);
	else
		kind = kind_told(kinds, request->url, &documents[0], &complaint);
	good = kind != NULL && read_page(kind, request->url, documents, &reading, NULL, &error);
	if (good)
		reading_write(&reading, &text);
	else if (kind != NULL)
		buffer_format(&complaint, "%s\n", error.text);
	printf("%s %s %zu\n", good ? "read" : "unreadable", good ? kind_name(kind) : "-",
		good ? text.length : complaint.length);
	fwrite(buffer_string(good ? &text : &complaint), 1, good ? text.length : complaint.length,
		stdout);
	for (size_t i = 0; i < request->count; i++)
		buffer_release(&bodies[i]);
	buffer_release(&text);
	buffer_release(&complaint);
	reading_release(&reading);
}

int main(int argc, char **argv)
{
	struct kind_list kinds = {0};
	struct last_kind last = {0};
	char *line = NULL;
	size_t size = 0;

	if (argc != 2) {
		fputs("usage: reader TEMPLATES < REQUESTS\n", stderr);
		return 2;
	}
	setlocale(LC_CTYPE, "C.UTF-8");
	digest_start();
	kind_list_load(argv[1], NULL, &kinds);
	while (getline(&line, &size, stdin) > 0) {
		struct request request = request_parse(line);

		read_one(&kinds, argv[1], &request, &last);
		fflush(stdout);
	}
	free(line);
	kind_list_release(&kinds);
	kind_free(last.kind);
	free(last.name);
	free(last.with);
	return 0;
}
