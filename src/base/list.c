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
