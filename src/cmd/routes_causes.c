/* SPDX-License-Identifier: ISC
 *
 * A configuration may have many thousand pages, so that each is looked at once.
 */
#include "cmd/routes_causes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "run/terminal.h"

/* "PAGE/INDICATOR" that depends on another; all of one cause stand together. */
struct dependence_row {
	const char *cause; /* borrowed */
	char *dependant;   /* owned */
	size_t at;         /* in the configuration */
	bool shown;        /* what depends on the cause; valid for the first of its rows */
};

struct dependence_rows {
	struct dependence_row *list;
	size_t count;
};

static int by_cause(const void *a, const void *b)
{
	const struct dependence_row *left = a, *right = b;
	int order = strcmp(left->cause, right->cause);

	return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

static void collect(const struct config *config, struct dependence_rows *rows)
{
	for (size_t i = 0; i < config->page_count; i++)
		for (size_t j = 0; j < config->pages[i].cause_count; j++) {
			const struct cause_config *its = &config->pages[i].causes[j];

			for (size_t k = 0; k < its->causes.count; k++) {
				struct dependence_row *row =
					memory_append(&rows->list, &rows->count, sizeof *row);

				*row = (struct dependence_row){.cause = its->causes.list[k],
					.dependant = memory_format("%s/%s", config->pages[i].name,
						config_dependants(its)),
					.at = rows->count};
			}
		}
	if (rows->count > 0)
		qsort(rows->list, rows->count, sizeof *rows->list, by_cause);
}

/* The first row of the cause; the number of rows where there is none. */
static size_t first_of(const struct dependence_rows *rows, const char *cause)
{
	size_t low = 0, high = rows->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(rows->list[middle].cause, cause) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rows->count && text_equal(rows->list[low].cause, cause) ? low : rows->count;
}

/* Lines of all that depends on the cause of this row, and of what depends on that. */
static void print_dependants(struct dependence_rows *rows, size_t first, int depth)
{
	const char *cause = rows->list[first].cause;

	rows->list[first].shown = true;
	for (size_t i = first; i < rows->count && text_equal(rows->list[i].cause, cause); i++) {
		size_t next = first_of(rows, rows->list[i].dependant);
		bool above = next < rows->count && rows->list[next].shown;
		char *line = memory_format(
			"%s%s", rows->list[i].dependant, above ? ", with what is shown above" : "");

		terminal_wrap(line, 2 + 2 * (size_t)depth);
		free(line);
		if (next < rows->count && !above)
			print_dependants(rows, next, depth + 1);
	}
}

/* The first rows of the causes that depend on nothing, in the order of the configuration. */
static int by_place(const void *a, const void *b)
{
	const size_t *left = a, *right = b;

	return (left[0] > right[0]) - (left[0] < right[0]);
}

void routes_print_causes(const struct config *config)
{
	struct dependence_rows rows = {0};
	struct text_list dependants = {0};
	size_t(*begins)[2] = NULL, count = 0; /* the place in the configuration, and the row */

	collect(config, &rows);
	for (size_t i = 0; i < rows.count; i++)
		text_list_add(&dependants, rows.list[i].dependant);
	text_list_sort(&dependants);
	for (size_t i = 0; i < rows.count; i++)
		if ((i == 0 || !text_equal(rows.list[i].cause, rows.list[i - 1].cause)) &&
			!text_list_search(&dependants, rows.list[i].cause)) {
			size_t *begin = memory_append(&begins, &count, sizeof *begins);

			begin[0] = rows.list[i].at;
			begin[1] = i;
		}
	if (count > 0) {
		qsort(begins, count, sizeof *begins, by_place);
		puts("What falls with what:");
	}
	for (size_t i = 0; i < count; i++) {
		terminal_wrap(rows.list[begins[i][1]].cause, 2);
		print_dependants(&rows, begins[i][1], 1);
	}
	for (size_t i = 0; i < rows.count; i++)
		free(rows.list[i].dependant);
	free(rows.list);
	free(begins);
	text_list_release(&dependants);
}
