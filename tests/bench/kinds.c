/* SPDX-License-Identifier: ISC
 *
 * What reading a page costs compared with only parsing the same bytes.
 *
 *   bench-kinds < LIST
 *
 * Each line of LIST: what to call the page, its kind, its address and the file with the kind's
 * parameters
 * ("-" for none of them), and its files, separated by tabs. A line comes out for each: name, kind,
 * bytes, microseconds of CPU of reading and of bare parsing, the ratio of the two, XPath operations
 * as percent of their limit, and the ratio that is aimed at. Reading is from bytes to the canonical
 * text. The two take turns; all are medians. Bare parsing gets JSON in UTF-8, without the call that
 * JSONP wraps around it.
 */
#include <jansson.h>
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/decode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "model/validator.h"
#include "watch/kind/kind.h"
#include "watch/kind/read.h"
#include "watch/kind/xml_p.h"

enum { ROUNDS = 11, ROUND_MICROSECONDS = 1000, WORDS_MAX = 4 + PAGE_DOCUMENTS_MAX };

struct page {
	const char *name, *url;
	struct kind *kind;
	bool holds_json; /* also inside a script */
	struct buffer bodies[PAGE_DOCUMENTS_MAX];
	struct document documents[PAGE_DOCUMENTS_MAX];
	enum document_form forms[PAGE_DOCUMENTS_MAX];
	struct buffer plain[PAGE_DOCUMENTS_MAX]; /* what bare parsing gets */
	size_t operations;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench-kinds: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void read_once(struct page *page)
{
	struct read_report report = {0};
	struct reading reading = {0};
	struct error error = {0};
	struct buffer text = {0};

	if (!read_page(page->kind, page->url, page->documents, &reading, &report, &error))
		fail(page->name, error.text);
	reading_write(&reading, &text);
	page->operations = report.operations;
	buffer_release(&text);
	reading_release(&reading);
}

static bool parse_json(const struct buffer *text)
{
	json_t *root = json_loadb(text->data, text->length, JSON_DECODE_ANY, NULL);

	json_decref(root);
	return root != NULL;
}

static bool parse_markup(const struct buffer *text, bool html)
{
	xmlDocPtr tree = html ? htmlReadMemory(text->data, (int)text->length, NULL, NULL,
					HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
						HTML_PARSE_NOWARNING | HTML_PARSE_NONET)
			      : xmlReadMemory(text->data, (int)text->length, NULL, NULL,
					XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
						XML_PARSE_NOCDATA | XML_PARSE_COMPACT);

	xmlFreeDoc(tree);
	return tree != NULL;
}

/* False where the library alone does not read the page. */
static bool parse_once(struct page *page)
{
	bool good = true;

	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++) {
		enum document_form form = page->forms[i];

		if (page->documents[i].bytes == NULL)
			continue;
		good = (form == DOCUMENT_JSON
				       ? parse_json(&page->plain[i])
				       : parse_markup(&page->plain[i], form == DOCUMENT_HTML)) &&
		       good;
	}
	return good;
}

static double read_time(struct page *page, int times)
{
	double start = now();

	for (int i = 0; i < times; i++)
		read_once(page);
	return (now() - start) / times;
}

static double parse_time(struct page *page, int times)
{
	double start = now();

	for (int i = 0; i < times; i++)
		parse_once(page);
	return (now() - start) / times;
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof *values, compare);
	return values[ROUNDS / 2];
}

static int times_for(double microseconds)
{
	return microseconds < ROUND_MICROSECONDS
		       ? (int)(ROUND_MICROSECONDS / (microseconds + 1)) + 1
		       : 1;
}

static void measure(struct page *page)
{
	double reading[ROUNDS], parsing[ROUNDS], ratio[ROUNDS];
	int read_times = times_for(read_time(page, 1)),
	    parse_times = times_for(parse_time(page, 1));
	size_t bytes = 0;

	for (int i = 0; i < ROUNDS; i++) {
		parsing[i] = parse_time(page, parse_times);
		reading[i] = read_time(page, read_times);
		ratio[i] = reading[i] / parsing[i];
	}
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		bytes += page->documents[i].length;
	printf("%s\t%s\t%zu\t%.0f\t", page->name, kind_name(page->kind), bytes, median(reading));
	if (parse_once(page))
		printf("%.0f\t%.2f", median(parsing), median(ratio));
	else
		printf("-\t-");
	printf("\t%.3f\t%.1f\n", 100.0 * (double)page->operations / XPATH_OPERATIONS_MAX,
		page->holds_json ? 3.0 : 1.5);
}

/* Without the call around it: from the first bracket to the last that closes. */
static void unwrap(struct buffer *text)
{
	struct buffer inner = {0};
	size_t start = 0, end = text->length;

	while (start < end && strchr("[{", text->data[start]) == NULL)
		start++;
	while (end > start && strchr("]}", text->data[end - 1]) == NULL)
		end--;
	buffer_add(&inner, text->data + start, end - start);
	buffer_release(text);
	*text = inner;
}

static void add_document(struct page *page, size_t i, const char *path)
{
	struct error error = {0};
	struct document *document = &page->documents[i];

	if (!file_read(path, &page->bodies[i], &error))
		fail(path, error.text);
	*document = (struct document){buffer_string(&page->bodies[i]), page->bodies[i].length};
	page->forms[i] = read_form(document);
	if (page->forms[i] == DOCUMENT_JSON) {
		decode_document(document->bytes, document->length, &page->plain[i]);
		unwrap(&page->plain[i]);
		page->holds_json = true;
	} else {
		buffer_add(&page->plain[i], document->bytes, document->length);
	}
}

static struct kind *load_kind(const char *templates, const char *name, const char *with)
{
	struct problems problems = {0};
	struct yaml *parameters = with != NULL ? yaml_load(with, &problems) : NULL;
	char *path = kind_find(templates, NULL, name);
	struct kind *kind = NULL;

	if (path != NULL)
		kind = kind_load(path,
			parameters != NULL ? yaml_root(parameters) : (struct node){0}, &problems);
	if (kind == NULL)
		fail(name, "no such kind, or a wrong one");
	if (parameters != NULL)
		yaml_close(parameters);
	problems_release(&problems);
	free(path);
	return kind;
}

/* True where the kind's file parses JSON that stands in a script. */
static bool parses_scripts(const char *templates, const char *name)
{
	char *path = kind_find(templates, NULL, name);
	struct buffer text = {0};
	bool parses = path != NULL && file_read(path, &text, NULL) &&
		      (strstr(buffer_string(&text), "parse-json(") != NULL ||
			      strstr(buffer_string(&text), "parse-flight(") != NULL);

	buffer_release(&text);
	free(path);
	return parses;
}

static const char *given(const char *word)
{
	return strcmp(word, "-") != 0 ? word : NULL;
}

static void measure_line(const char *templates, char *line)
{
	struct page page = {0};
	char *words[WORDS_MAX], *rest = line, *word;
	size_t count = 0;

	while (count < WORDS_MAX && (word = strsep(&rest, "\t")) != NULL)
		words[count++] = word;
	if (count < 5)
		fail(line, "not a name, a kind, an address, parameters and files");
	page.name = words[0];
	page.url = given(words[2]);
	page.kind = load_kind(templates, words[1], given(words[3]));
	page.holds_json = parses_scripts(templates, words[1]);
	for (size_t i = 4; i < count; i++)
		add_document(&page, i - 4, words[i]);
	measure(&page);
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++) {
		buffer_release(&page.bodies[i]);
		buffer_release(&page.plain[i]);
	}
	kind_free(page.kind);
}

int main(void)
{
	char *templates = file_templates(), *line = NULL;
	size_t size = 0;
	ssize_t length;

	while ((length = getline(&line, &size, stdin)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		measure_line(templates, line);
	}
	free(line);
	free(templates);
	return EXIT_SUCCESS;
}
