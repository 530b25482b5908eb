/* SPDX-License-Identifier: ISC */
#include "cmd/add_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "cmd/catalogue.h"
#include "cmd/page_word.h"
#include "run/invocation.h"

static const char blanks[] = " \t\r\f\v";

struct entry {
	char *word;          /* in the text */
	const char *address; /* of the service that it names, or the word: two entries that have the
			      * same are one */
	int line;
};

bool add_list_is(const struct buffer *text)
{
	const char *start = buffer_string(text);

	start += strspn(start, " \t\r\n\f\v");
	return strlen(buffer_string(text)) == text->length && *start != '[' &&
	       start[strcspn(start, "\n<{")] != '<' && start[strcspn(start, "\n<{")] != '{';
}

static void trim(char **word)
{
	size_t length;

	*word += strspn(*word, blanks);
	for (length = strlen(*word); length > 0 && strchr(blanks, (*word)[length - 1]) != NULL;)
		(*word)[--length] = '\0';
}

static struct entry entry_of(const struct catalogue *catalogue, char *word, int line)
{
	const struct catalogue_entry *service =
		page_word_is_address(word) ? NULL : catalogue_find(catalogue, word);

	return (struct entry){word, service != NULL ? service->url : word, line};
}

/* The number of the line of the first entry that is the same as the i-th; 0: there is none. */
static int same_entry(const struct entry *entries, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (address_same(entries[j].address, entries[i].address))
			return entries[j].line;
	return 0;
}

int add_list_each(const struct catalogue *catalogue, const struct buffer *text, add_list_entry *add,
	void *context)
{
	char *lines = memory_string(buffer_string(text)), *rest = lines, *word;
	struct entry *entries = NULL;
	size_t count = 0;
	int status = EXIT_DONE;

	for (int line = 1; (word = strsep(&rest, "\n")) != NULL && count <= ADD_LIST_MAX; line++) {
		trim(&word);
		if (*word != '\0' && *word != '#')
			*(struct entry *)memory_append(&entries, &count, sizeof *entries) =
				entry_of(catalogue, word, line);
	}
	if (count == 0 || count > ADD_LIST_MAX) {
		fprintf(stderr, "lampwatch add: standard input: %s %d names and addresses\n",
			count == 0 ? "none of up to" : "more than", ADD_LIST_MAX);
		status = EXIT_USAGE;
	}
	for (size_t i = 0; i < count && count <= ADD_LIST_MAX; i++)
		status = exit_status_worse(
			status, add(context, entries[i].word, same_entry(entries, i)));
	free(entries);
	free(lines);
	return status;
}
