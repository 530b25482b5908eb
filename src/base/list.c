/* SPDX-License-Identifier: ISC */
#include "base/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

void text_list_add(struct text_list *texts, const char *text)
{
	*(char **)memory_append(&texts->list, &texts->count, sizeof *texts->list) =
		memory_string(text);
}

bool text_list_has(const struct text_list *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->list[i], text) == 0)
			return true;
	return false;
}

static int bytewise(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

void text_list_sort(struct text_list *texts)
{
	if (texts->count > 0)
		qsort(texts->list, texts->count, sizeof *texts->list, bytewise);
}

bool text_list_search(const struct text_list *texts, const char *text)
{
	return texts->count > 0 &&
	       bsearch(&text, texts->list, texts->count, sizeof *texts->list, bytewise) != NULL;
}

/* The place of the first text that is not less. */
static size_t place_of(const struct text_list *texts, const char *text)
{
	size_t low = 0, high = texts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(texts->list[middle], text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void text_list_insert(struct text_list *texts, const char *text)
{
	size_t place = place_of(texts, text);

	memory_append(&texts->list, &texts->count, sizeof *texts->list);
	memmove(&texts->list[place + 1], &texts->list[place],
		(texts->count - 1 - place) * sizeof *texts->list);
	texts->list[place] = memory_string(text);
}

void text_list_remove(struct text_list *texts, const char *text)
{
	size_t place = place_of(texts, text);

	if (place == texts->count || strcmp(texts->list[place], text) != 0)
		return;
	free(texts->list[place]);
	texts->count--;
	memmove(&texts->list[place], &texts->list[place + 1],
		(texts->count - place) * sizeof *texts->list);
}

void text_list_add_words(struct text_list *texts, const char *words)
{
	char *copy = memory_string(words), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			text_list_add(texts, word);
	free(copy);
}

char *text_list_words(const struct text_list *texts)
{
	struct buffer words = {0};

	for (size_t i = 0; i < texts->count; i++)
		buffer_format(&words, "%s%s", i > 0 ? " " : "", texts->list[i]);
	return buffer_take(&words);
}

void text_list_release(struct text_list *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->list[i]);
	free(texts->list);
	*texts = (struct text_list){0};
}
