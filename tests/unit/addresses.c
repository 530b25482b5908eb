/* SPDX-License-Identifier: ISC
 *
 * What a person types and where a kind looks: tests/pages/addresses.tsv.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "model/validator.h"
#include "watch/kind/kind.h"

enum { COLUMNS = 5, LINES_MIN = 40 };

static struct kind *load(const char *templates, const char *name)
{
	char *path = kind_find(templates, NULL, name);
	struct problems problems = {0};
	struct kind *kind = path != NULL ? kind_load(path, (struct node){0}, &problems) : NULL;

	if (kind == NULL)
		fail_msg("kind %s cannot be loaded", name);
	problems_release(&problems);
	free(path);
	return kind;
}

static size_t find_document(const struct kind *kind, const char *name)
{
	for (size_t i = 0; i < kind_document_count(kind); i++)
		if (strcmp(kind_document_name(kind, i), name) == 0)
			return i;
	fail_msg("kind %s has no document %s", kind_name(kind), name);
	return 0;
}

static void check(const char *templates, char *columns[static COLUMNS])
{
	struct kind *kind = load(templates, columns[0]);
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	struct error error = {0};
	char *address = NULL;

	if (strcmp(columns[3], "-") != 0)
		documents[0] = (struct document){columns[3], strlen(columns[3])};
	if (!kind_document_address(
		    kind, find_document(kind, columns[1]), columns[2], documents, &address, &error))
		fail_msg("%s: %s: %s", columns[0], columns[2], error.text);
	if (strcmp(address, columns[4]) != 0)
		fail_msg("%s: %s of %s is <%s>, not <%s>", columns[0], columns[1], columns[2],
			address, columns[4]);
	free(address);
	kind_free(kind);
}

static void test_each_kind_looks_where_its_pages_have_it(void **state)
{
	char *templates = file_templates();
	char *path = file_join(templates, "../tests/pages/addresses.tsv");
	struct buffer text = {.maximum = 1024 * 1024};
	struct error error = {0};
	int lines = 0;
	char *next;

	(void)state;
	if (!file_read(path, &text, &error))
		fail_msg("%s", error.text);
	for (char *line = (char *)buffer_string(&text); line != NULL && *line != '\0';
		line = next) {
		char *columns[COLUMNS], *at = line;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (*line == '#')
			continue;
		for (int i = 0; i < COLUMNS; i++)
			columns[i] = strsep(&at, "\t");
		assert_non_null(columns[COLUMNS - 1]);
		check(templates, columns);
		lines++;
	}
	assert_true(lines >= LINES_MIN);
	buffer_release(&text);
	free(path);
	free(templates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_looks_where_its_pages_have_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
