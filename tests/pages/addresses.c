/* SPDX-License-Identifier: ISC
 *
 * page-addresses TEMPLATES: where kinds look for their documents. Each line of standard input is a
 * kind and the address of a page, a tab between them. For each it prints a line for each document
 * whose address follows from that of the page alone: its name, a tab, its address; then an empty
 * line.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/yaml.h"
#include "model/validator.h"
#include "watch/kind/kind.h"

static void print_addresses(const struct kind *kind, const char *url)
{
	for (size_t i = 0; i < kind_document_count(kind); i++) {
		static const struct document none[PAGE_DOCUMENTS_MAX];
		struct error error = {0};
		char *address = NULL;

		if (kind_document_address(kind, i, url, none, &address, &error) && *address != '\0')
			printf("%s\t%s\n", kind_document_name(kind, i), address);
		free(address);
	}
	putchar('\n');
	fflush(stdout);
}

int main(int count, char **arguments)
{
	char line[4096], *url = line;

	setlocale(LC_ALL, "");
	while (count == 2 && fgets(line, sizeof line, stdin) != NULL) {
		struct problems problems = {0};
		struct kind *kind;
		char *path;

		line[strcspn(line, "\n")] = '\0';
		url = line;
		path = kind_find(arguments[1], NULL, strsep(&url, "\t"));
		kind = path != NULL ? kind_load(path, (struct node){0}, &problems) : NULL;
		if (kind == NULL || url == NULL)
			return 1;
		print_addresses(kind, url);
		kind_free(kind);
		problems_release(&problems);
		free(path);
	}
	return 0;
}
