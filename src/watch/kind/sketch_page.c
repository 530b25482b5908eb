/* SPDX-License-Identifier: ISC */
#include "watch/kind/sketch_page.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/kind.h"

enum {
	NAME_LENGTH_MAX = 80, /* bytes: what is longer is prose */
	WORD_LENGTH_MAX = 40, /* bytes: the same for a state */
};

bool sketch_page_open(struct sketch_page *page, const struct document *document,
	const struct known_words *known, struct error *error)
{
	*page = (struct sketch_page){.known = known};
	page->tree = tree_parse(document->bytes, document->length, error);
	if (page->tree == NULL)
		return false;
	page->evaluation = evaluation_new("", NULL);
	evaluation_add_document(page->evaluation, "page", page->tree);
	return true;
}

void sketch_page_release(struct sketch_page *page)
{
	evaluation_free(page->evaluation);
	for (size_t i = 0; i < page->xpath_count; i++)
		xpath_free(page->xpaths[i]);
	free(page->xpaths);
}

static const struct xpath *xpath_of(struct sketch_page *page, const char *text)
{
	struct text_list none = {0};
	struct xpath *xpath = xpath_compile(text, &none, NULL);

	if (xpath != NULL)
		*(struct xpath **)memory_append(
			&page->xpaths, &page->xpath_count, sizeof(struct xpath *)) = xpath;
	return xpath;
}

xmlXPathObjectPtr sketch_nodes(struct sketch_page *page, const char *path)
{
	const struct xpath *xpath = xpath_of(page, path);

	return xpath != NULL ? evaluate_nodes(page->evaluation, xpath, NULL, &page->error) : NULL;
}

void sketch_texts(struct sketch_page *page, const xmlXPathObject *rows, const char *path,
	size_t maximum, struct text_list *texts)
{
	const struct xpath *xpath = xpath_of(page, path);
	size_t count = node_set_count(rows), taken = count < maximum ? count : maximum;

	for (size_t i = 0; xpath != NULL && i < taken; i++) {
		xmlNodePtr row = node_set_member(rows, i * count / taken);
		char *text = evaluate_text(page->evaluation, xpath, row, NULL, NULL);

		text_list_add(texts, text != NULL ? text : "");
		free(text);
	}
}

const char *sketch_feed_title(const struct sketch_page *page)
{
	const xmlNode *root = xmlDocGetRootElement(page->tree);

	if (xmlStrEqual(root->name, BAD_CAST "rss"))
		return "/rss/channel/title";
	return xmlStrEqual(root->name, BAD_CAST "feed") ? "/feed/title" : NULL;
}

size_t sketch_count_different(struct text_list *texts, size_t *filled)
{
	size_t different = 0;

	*filled = 0;
	text_list_sort(texts);
	for (size_t i = 0; i < texts->count; i++) {
		*filled += texts->list[i][0] != '\0';
		different += texts->list[i][0] != '\0' &&
			     (i == 0 || strcmp(texts->list[i], texts->list[i - 1]) != 0);
	}
	return different;
}

bool sketch_is_name(const char *text)
{
	size_t letters = 0, digits = 0, length = strlen(text);

	for (const char *at = text; *at != '\0'; at++) {
		letters += isalpha((unsigned char)*at) || (unsigned char)*at >= 0x80;
		digits += isdigit((unsigned char)*at) != 0;
	}
	return letters > 0 && letters >= digits && length <= NAME_LENGTH_MAX &&
	       !text_starts(text, "http") && !text_starts(text, "/");
}

bool sketch_is_word(const char *text)
{
	return sketch_is_name(text) && strlen(text) <= WORD_LENGTH_MAX;
}
