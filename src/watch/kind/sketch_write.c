/* SPDX-License-Identifier: ISC */
#include "watch/kind/sketch_write.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/level.h"
#include "model/reading.h"
#include "watch/kind/sketch_paths.h"

enum {
	WORDS_SHOWN = 40, /* different words */
	SHOWN_MAX = 80,   /* bytes of a text of the page in a comment */
};

/* In single quotes, as YAML has it (1.2, section 7.3.2). */
static void write_quoted(struct buffer *out, const char *text)
{
	buffer_byte(out, '\'');
	for (const char *at = text; *at != '\0'; at++) {
		buffer_text(out, *at == '\'' ? "'" : "");
		buffer_byte(out, *at);
	}
	buffer_byte(out, '\'');
}

static void write_key(struct buffer *out, const char *key, const char *xpath)
{
	buffer_text(out, key);
	buffer_text(out, ": ");
	write_quoted(out, xpath);
	buffer_byte(out, '\n');
}

/* What the page says, cut and made visible, in quotes. */
static void write_shown(struct buffer *out, const char *text)
{
	char *cut = text_collapse(text, strlen(text), SHOWN_MAX), *visible = text_visible_copy(cut);

	write_quoted(out, visible);
	free(visible);
	free(cut);
}

/* Each word once, in the order of their bytes: those that are sure under their level, the rest as
 * comments; of a class none is sure, for a class may be about looks alone. Sorts them. */
static void write_levels(
	const struct sketch_page *page, bool of_class, struct text_list *words, struct buffer *out)
{
	static const char *const asks[] = {
		[WORD_SURE] = "a class says so: is it the row's state? Unknown until it stands "
			      "under levels",
		[WORD_NEW] = "what does it mean? unknown until it stands under levels",
		[WORD_UNSURE] = "is that so? The kinds disagree, or one alone knows it; unknown "
				"until it stands under levels",
	};
	struct buffer known[LEVEL_COUNT] = {{0}}, unsure = {0};
	bool any = false;
	size_t shown = 0;

	text_list_sort(words);
	for (size_t i = 0; i < words->count && shown < WORDS_SHOWN; i++) {
		const char *word = words->list[i];
		enum level level;
		enum word_trust trust = known_words_find(page->known, word, &level);

		if (i > 0 && strcasecmp(word, words->list[i - 1]) == 0)
			continue;
		shown++;
		if (trust == WORD_SURE && !of_class) {
			buffer_text(&known[level], known[level].length > 0 ? ", " : "");
			write_quoted(&known[level], word);
			any = true;
			continue;
		}
		buffer_text(&unsure, "# ");
		write_shown(&unsure, word);
		buffer_format(&unsure, "%s%s: %s\n", trust != WORD_NEW ? " " : "",
			trust != WORD_NEW ? level_name(level) : "",
			word[0] == '\0' ? "rows without a word: what do they mean?" : asks[trust]);
	}
	buffer_text(out, any ? "\nlevels:\n" : "\n# levels: no word is sure\n");
	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		if (known[i].length > 0)
			buffer_format(out, "  %s: [%s]\n", level_name((enum level)i),
				buffer_string(&known[i]));
		buffer_release(&known[i]);
	}
	buffer_text(out, buffer_string(&unsure));
	if (shown == WORDS_SHOWN)
		buffer_text(out, "# and more: are these words at all?\n");
	buffer_release(&unsure);
}

/* What is different in each row by its name alone; NULL: nothing is. Owned by the caller. */
static char *find_id(struct sketch_page *page, const xmlXPathObject *rows)
{
	static const char *const keys[] = {"id", "guid", "uuid", "key", "slug", "code", "*-id"};
	struct text_list places = {0};
	char *id = NULL;

	row_places(node_set_member(rows, 0), page->known, &places);
	for (size_t i = 0; id == NULL && i < places.count; i++) {
		struct text_list texts = {0};
		size_t filled, different;
		bool right = false;

		for (size_t j = 0; !right && j < sizeof keys / sizeof keys[0]; j++)
			right = text_matches(sketch_last_step(places.list[i]), keys[j], true);
		if (!right)
			continue;
		sketch_texts(page, rows, places.list[i], READING_ROWS_MAX, &texts);
		different = sketch_count_different(&texts, &filled);
		if (different == texts.count)
			id = memory_string(places.list[i]);
		text_list_release(&texts);
	}
	text_list_release(&places);
	return id;
}

/* A condition that holds for this page alone, also when its list is empty: owned by the caller. */
static char *feed_condition(const struct sketch_page *page, const char *title)
{
	const char *path = sketch_feed_title(page);
	size_t parent = path != NULL ? strlen(path) - strlen("/title") : 0;

	char *visible = text_visible_copy(title), *condition = NULL;

	if (path != NULL && strchr(title, '"') == NULL && strcmp(visible, title) == 0)
		condition = memory_format("%.*s[title = \"%s\"]", (int)parent, path, title);
	free(visible);
	return condition;
}

/* Where the rows stand in the items of a list in JSON, and some item has none, it may be that they
 * come and go: the items; else the rows. Owned by the caller. */
static char *lasting_rows(struct sketch_page *page, const char *rows)
{
	static const char step[] = "/item/";
	char *lasting = NULL;

	for (const char *at = strstr(rows, step); lasting == NULL && at != NULL;
		at = strstr(at + 1, step)) {
		int length = (int)(at - rows + (ptrdiff_t)strlen("/item"));
		char *path =
			memory_format("%.*s[not(%s)]", length, rows, rows + length + strlen("/"));
		xmlXPathObjectPtr without = sketch_nodes(page, path);

		if (without != NULL && node_set_count(without) > 0)
			lasting = memory_format("%.*s", length, rows);
		xmlXPathFreeObject(without);
		free(path);
	}
	return lasting != NULL ? lasting : memory_string(rows);
}

static void write_head(struct sketch_page *page, const char *rows, struct buffer *out)
{
	bool html = page->tree->type == XML_HTML_DOCUMENT_NODE;
	const char *path = html ? "//title" : sketch_feed_title(page), *title = "";
	struct text_list texts = {0};
	xmlXPathObjectPtr root = sketch_nodes(page, "/");
	char *condition;

	if (path != NULL && root != NULL)
		sketch_texts(page, root, path, 1, &texts);
	title = texts.count > 0 ? texts.list[0] : "";
	buffer_text(out, "about: ");
	write_shown(
		out, title[0] != '\0' ? title : "TODO: whose status page it is, in a few words");
	buffer_text(out, "\n\n# Is that on this page alone, on good days as on bad ones?\n");
	condition = feed_condition(page, title);
	if (condition == NULL)
		condition = lasting_rows(page, rows);
	write_key(out, "require", condition);
	if (title[0] != '\0')
		buffer_format(out, "\npage: {title: '%s'}\n", path);
	free(condition);
	text_list_release(&texts);
	xmlXPathFreeObject(root);
}

/* Whether it may lead to several words of a row in JSON, of which the worst counts. */
static bool is_list(const char *path)
{
	return strstr(path, "item/") != NULL && strchr(path, '(') == NULL;
}

/* All that the kind would look up. */
static void words_of(struct sketch_page *page, const xmlXPathObject *rows, const char *named,
	const char *word, struct text_list *words)
{
	char *path = memory_format("%s/%s", named, word);
	xmlXPathObjectPtr all = is_list(word) ? sketch_nodes(page, path) : NULL;

	if (all != NULL)
		sketch_texts(page, all, ".", READING_ROWS_MAX, words);
	else
		sketch_texts(page, rows, word, READING_ROWS_MAX, words);
	xmlXPathFreeObject(all);
	free(path);
}

/* The claims that come next. */
static void write_others(const struct ranking *ranking, struct buffer *out)
{
	for (size_t i = 1; i < RANKED_MAX && ranking->list[i].claim != NULL; i++) {
		const struct judged *other = &ranking->list[i];
		char *line = memory_format("%s, %zu rows, %s `%s`, %s `%s`", other->claim->each,
			other->rows, other->story ? "title" : "name", other->name,
			is_list(other->claim->word) ? "words" : "word", other->claim->word);
		char *visible = text_visible_copy(line);

		buffer_format(out, "%s# also possible: %s\n", i == 1 ? "\n" : "", visible);
		free(visible);
		free(line);
	}
}

void sketch_write(struct sketch_page *page, const struct ranking *ranking, struct buffer *out)
{
	const struct judged *best = &ranking->list[0];
	bool by_key = strcmp(best->name, SKETCH_KEY) == 0; /* which no row lacks */
	char *named = by_key ? memory_string(best->claim->each)
			     : memory_format("%s[%s]", best->claim->each, best->name);
	char *id;
	xmlXPathObjectPtr all = sketch_nodes(page, best->claim->each),
			  rows = sketch_nodes(page, named);
	size_t lost = all != NULL && rows != NULL ? node_set_count(all) - node_set_count(rows) : 0;
	struct text_list words = {0}, names = {0};
	size_t filled;

	write_head(page, named, out);
	buffer_text(out, best->story ? "\nincidents:\n" : "\nindicators:\n");
	if (lost > 0)
		buffer_format(
			out, "  # Left out, for want of a name: %zu. Are they no rows?\n", lost);
	write_key(out, "  each", lost > 0 ? named : best->claim->each);
	id = rows != NULL ? find_id(page, rows) : NULL;
	if (id != NULL)
		write_key(out, "  id", id);
	if (by_key && text_ends(best->claim->each, "/*/*"))
		write_key(out, "  group", SKETCH_KEY_ABOVE);
	write_key(out, best->story ? "  title" : "  name", best->name);
	write_key(out, is_list(best->claim->word) ? "  words" : "  word", best->claim->word);
	if (rows != NULL) {
		sketch_texts(page, rows, best->name, READING_ROWS_MAX, &names);
		words_of(page, rows, named, best->claim->word, &words);
	}
	if (id == NULL && sketch_count_different(&names, &filled) < names.count)
		buffer_text(out,
			"  # Names repeat: is there a group: or an id: that tells the rows "
			"apart?\n");
	write_levels(page, text_starts(best->claim->word, "replace("), &words, out);
	write_others(ranking, out);
	text_list_release(&names);
	text_list_release(&words);
	xmlXPathFreeObject(all);
	xmlXPathFreeObject(rows);
	free(id);
	free(named);
}
