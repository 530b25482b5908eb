/* SPDX-License-Identifier: ISC */
#include "watch/kind/sketch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/kind.h"
#include "watch/kind/read.h"
#include "watch/kind/sketch_p.h"

enum {
	SAMPLE = 40,          /* rows of a claim that are looked at when it is judged */
	WORDS_SHOWN = 40,     /* different words */
	NAME_LENGTH_MAX = 80, /* bytes: what is longer is prose */
	WORD_LENGTH_MAX = 40, /* bytes: the same for a state */
	NAMES_REPEAT_MAX = 4, /* rows of one name, on an average, as in several regions */
	SHOWN_MAX = 80,       /* bytes of a text of the page in a comment */
	RANKED = 4,           /* claims that are kept: the best, and those that come next */
};

/* A page lists more incidents that are over than services. */
#define STORY_WEIGHT 0.05

/* Words that none of the kinds knows, under a key for states, are better than no rows. */
#define NEW_WEIGHT 0.02

/* Of these, one that says nothing: the same in every row, or a truth value. */
#define FLAT_WEIGHT 0.1

/* Of each step to the row, and from there to the word: further away there may be a history, or the
 * details of one incident. */
#define STEP_WEIGHT 0.95

/* A claim as the page bears it out. */
struct judged {
	const struct claim *claim;
	char *name; /* XPath; owned */
	size_t rows;
	xmlNodePtr first; /* of the rows */
	double score;     /* 0: it does not hold */
	bool story;       /* what happened rather than what there is: incidents */
};

struct sketch {
	struct evaluation *evaluation;
	xmlDocPtr tree; /* the evaluation's */
	const struct known_words *known;
	struct xpath **xpaths; /* owned: they must outlive the evaluation */
	size_t xpath_count;
	struct judged ranked[RANKED]; /* the best first; without a claim: no more */
	const struct claim *nameless; /* the first whose rows have words and no names; NULL: none */
	struct error error;           /* why the rows of a claim could not be looked at; or empty */
};

static const struct xpath *xpath_of(struct sketch *sketch, const char *text)
{
	struct text_list none = {0};
	struct xpath *xpath = xpath_compile(text, &none, NULL);

	if (xpath != NULL)
		*(struct xpath **)memory_append(
			&sketch->xpaths, &sketch->xpath_count, sizeof(struct xpath *)) = xpath;
	return xpath;
}

/* The nodes; NULL where the path is none, there are too many or the page's work is spent. */
static xmlXPathObjectPtr nodes_of(struct sketch *sketch, const char *path)
{
	const struct xpath *xpath = xpath_of(sketch, path);

	return xpath != NULL ? evaluate_nodes(sketch->evaluation, xpath, NULL, &sketch->error)
			     : NULL;
}

/* Its text at some of the rows, evenly spread: at most SAMPLE, or all of them. */
static void texts_of(struct sketch *sketch, const xmlXPathObject *rows, const char *path,
	size_t maximum, struct text_list *texts)
{
	const struct xpath *xpath = xpath_of(sketch, path);
	size_t count = node_set_count(rows), taken = count < maximum ? count : maximum;

	for (size_t i = 0; xpath != NULL && i < taken; i++) {
		xmlNodePtr row = node_set_member(rows, i * count / taken);
		char *text = evaluate_text(sketch->evaluation, xpath, row, NULL, NULL);

		text_list_add(texts, text != NULL ? text : "");
		free(text);
	}
}

static size_t count_known(const struct sketch *sketch, const struct text_list *texts)
{
	size_t known = 0;

	for (size_t i = 0; i < texts->count; i++)
		known += known_words_find(sketch->known, texts->list[i], NULL) != WORD_NEW;
	return known;
}

static size_t count_words(const struct text_list *texts)
{
	size_t words = 0;

	for (size_t i = 0; i < texts->count; i++)
		words += sketch_is_word(texts->list[i]);
	return words;
}

/* How many different texts there are, and *filled: how many that are not empty. Sorts them. */
static size_t count_different(struct text_list *texts, size_t *filled)
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

/* Not an address, a time, a number or a sentence. */
static bool is_name_like(const char *text)
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
	return is_name_like(text) && strlen(text) <= WORD_LENGTH_MAX;
}

/* The last step of a path: "title" of "a/title", of "div/@title". */
static const char *last_step(const char *path)
{
	const char *slash = strrchr(path, '/');

	path = slash != NULL ? slash + 1 : path;
	return path[0] == '@' ? path + 1 : path;
}

/* 0: what is under such a key is about looks, and never a name. */
static double key_weight(const char *path)
{
	static const struct {
		const char *key;
		double weight;
	} keys[] = {{SKETCH_KEY, 0.9}, {"*name*", 1.3}, {"title", 1.25}, {"label*", 1.25},
		{"displayName", 1.3}, {"*id", 0.7}, {"slug", 0.7}, {"*key", 0.7}, {"class*", 0},
		{"style*", 0}, {"*align", 0}, {"width", 0}, {"href", 0.5}, {"*url", 0.5},
		{"*description*", 0.6}};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (text_matches(last_step(path), keys[i].key, true))
			return keys[i].weight;
	return 1;
}

/* Lines and platforms have numbers for names, where the key says that it is one. */
static bool is_number_of_name(const char *path, const char *text)
{
	return key_weight(path) > 1 && text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* How much the texts look like the names of the rows: 0, not at all, as where hardly any differ. A
 * text with the word in it changes with the word. Sorts them. */
static double name_worth(const struct sketch *sketch, const char *path,
	const struct text_list *words, struct text_list *texts)
{
	size_t filled, different, names = 0;

	if (texts->count == 0 || texts->count != words->count)
		return 0;
	for (size_t i = 0; i < texts->count; i++)
		names +=
			(is_name_like(texts->list[i]) || is_number_of_name(path, texts->list[i])) &&
			(words->list[i][0] == '\0' ||
				strcasestr(texts->list[i], words->list[i]) == NULL);
	if (names * 2 < texts->count || count_known(sketch, texts) * 4 > texts->count)
		return 0;
	different = count_different(texts, &filled);
	if (different * NAMES_REPEAT_MAX < texts->count)
		return 0;
	return key_weight(path) * (double)different / (double)texts->count * (double)names /
	       (double)filled;
}

/* The place of the name of these rows; NULL: none has one. Owned by the caller. words: of the same
 * rows; *worth as above. */
static char *find_name(struct sketch *sketch, const xmlXPathObject *rows,
	const struct text_list *words, double *worth)
{
	size_t count = node_set_count(rows), first = 0;
	struct text_list places = {0};
	char *name = NULL;

	*worth = 0;
	/* the first may be the head of a table, and has no word */
	while (first + 1 < words->count && words->list[first][0] == '\0')
		first++;
	row_places(node_set_member(rows, count / 2), sketch->known, &places);
	row_places(node_set_member(rows, first * count / words->count), sketch->known, &places);
	for (size_t i = 0; i < places.count; i++) {
		struct text_list texts = {0};
		double here;

		texts_of(sketch, rows, places.list[i], SAMPLE, &texts);
		here = name_worth(sketch, places.list[i], words, &texts);
		if (here > *worth) {
			*worth = here;
			memory_set(&name, places.list[i]);
		}
		text_list_release(&texts);
	}
	text_list_release(&places);
	return name;
}

static bool is_within(const xmlNode *node, const xmlNode *top)
{
	while (node != NULL && node != top)
		node = node->parent;
	return node != NULL;
}

/* Whether they are the same rows, or what stands in them or around them, one in each. */
static bool are_alike(const struct judged *a, const struct judged *b)
{
	return a->rows == b->rows &&
	       (is_within(a->first, b->first) || is_within(b->first, a->first));
}

/* Puts it in its place, or drops it: of claims to the same rows the best alone is kept. */
static void rank(struct sketch *sketch, struct judged judged)
{
	struct judged *ranked = sketch->ranked;
	size_t place = 0, end;

	while (place < RANKED && ranked[place].score >= judged.score &&
		!are_alike(&ranked[place], &judged))
		place++;
	if (place == RANKED || ranked[place].score >= judged.score) {
		free(judged.name);
		return;
	}
	end = place;
	while (end < RANKED - 1 && !are_alike(&ranked[end], &judged))
		end++;
	free(ranked[end].name);
	memmove(&ranked[place + 1], &ranked[place], (end - place) * sizeof *ranked);
	ranked[place] = judged;
}

/* Whether most of the words are states of an incident. */
static bool is_story(const struct text_list *words)
{
	static const char *const states[] = {"investigating", "identified", "monitoring",
		"resolved", "postmortem", "scheduled", "in progress", "in_progress", "verifying",
		"completed", "update"};
	size_t found = 0;

	for (size_t i = 0; i < words->count; i++)
		for (size_t j = 0; j < sizeof states / sizeof states[0]; j++)
			found += strcasecmp(words->list[i], states[j]) == 0;
	return found * 2 > words->count;
}

/* Where the title of the feed stands; NULL: the page is none. Each of its entries is a story. */
static const char *feed_title(const struct sketch *sketch)
{
	const xmlNode *root = xmlDocGetRootElement(sketch->tree);

	if (xmlStrEqual(root->name, BAD_CAST "rss"))
		return "/rss/channel/title";
	return xmlStrEqual(root->name, BAD_CAST "feed") ? "/feed/title" : NULL;
}

/* Of a feed, an entry is a row, and nothing in it. */
static bool is_entry(const char *rows)
{
	return text_ends(rows, "/item") || text_ends(rows, "/entry");
}

/* Whether all that are not empty are the same. */
static bool is_same(const struct text_list *texts)
{
	const char *first = "";

	for (size_t i = 0; i < texts->count; i++) {
		first = first[0] == '\0' ? texts->list[i] : first;
		if (texts->list[i][0] != '\0' && strcmp(texts->list[i], first) != 0)
			return false;
	}
	return true;
}

static bool is_truth(const struct text_list *texts)
{
	static const char *const values[] = {"", "true", "false"};
	size_t found = 0;

	for (size_t i = 0; i < texts->count; i++)
		for (size_t j = 0; j < sizeof values / sizeof values[0]; j++)
			found += strcasecmp(texts->list[i], values[j]) == 0;
	return found == texts->count;
}

/* How much the words of a claim speak for it: 0, too few of them are any. Their share counts twice:
 * a few rows that are all understood before many of which half are. */
static double word_worth(const struct sketch *sketch, const struct claim *claim,
	const struct text_list *words, size_t rows)
{
	size_t known = count_known(sketch, words), new = claim->keyed ? count_words(words) : 0;
	size_t found = known * 2 < words->count ? new : known;
	double share = (double)found / (double)words->count, weight = 1;

	if (share < 0.5 || found < 2)
		return 0;
	if (found != known)
		weight = NEW_WEIGHT * (is_same(words) ? FLAT_WEIGHT : 1) *
			 (is_truth(words) ? FLAT_WEIGHT : 1);
	return share * share * (double)rows * weight;
}

static double steps_weight(const char *path)
{
	double weight = 1;

	for (; *path != '\0'; path++)
		weight *= *path == '/' ? STEP_WEIGHT : 1;
	return weight;
}

static void judge(struct sketch *sketch, const struct claim *claim)
{
	xmlXPathObjectPtr rows = nodes_of(sketch, claim->each);
	size_t count = rows != NULL ? node_set_count(rows) : 0;
	struct text_list texts = {0};
	struct judged judged = {.claim = claim, .rows = count};
	bool feed = feed_title(sketch) != NULL;
	double worth = 0;

	evaluation_rewind(sketch->evaluation, sketch->evaluation->variable_count);
	if (count > 1 && (!feed || is_entry(claim->each))) {
		texts_of(sketch, rows, claim->word, SAMPLE, &texts);
		judged.first = node_set_member(rows, 0);
		judged.story = feed || is_story(&texts);
		judged.score = texts.count > 0 ? word_worth(sketch, claim, &texts, count) : 0;
		judged.score *= judged.story && !feed ? STORY_WEIGHT : 1;
		judged.score *= steps_weight(claim->each) * steps_weight(claim->word);
	}
	if (judged.score > sketch->ranked[RANKED - 1].score) {
		judged.name = find_name(sketch, rows, &texts, &worth);
		judged.score *= worth < 1 ? worth : 1;
		if (judged.name == NULL && sketch->nameless == NULL)
			sketch->nameless = claim;
	}
	if (judged.name != NULL)
		rank(sketch, judged);
	text_list_release(&texts);
	xmlXPathFreeObject(rows);
}

/* ---- writing ---- */

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
	const struct sketch *sketch, bool of_class, struct text_list *words, struct buffer *out)
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
		enum word_trust trust = known_words_find(sketch->known, word, &level);

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
static char *find_id(struct sketch *sketch, const xmlXPathObject *rows)
{
	static const char *const keys[] = {"id", "guid", "uuid", "key", "slug", "code", "*-id"};
	struct text_list places = {0};
	char *id = NULL;

	row_places(node_set_member(rows, 0), sketch->known, &places);
	for (size_t i = 0; id == NULL && i < places.count; i++) {
		struct text_list texts = {0};
		size_t filled, different;
		bool right = false;

		for (size_t j = 0; !right && j < sizeof keys / sizeof keys[0]; j++)
			right = text_matches(last_step(places.list[i]), keys[j], true);
		if (!right)
			continue;
		texts_of(sketch, rows, places.list[i], READING_ROWS_MAX, &texts);
		different = count_different(&texts, &filled);
		if (different == texts.count)
			id = memory_string(places.list[i]);
		text_list_release(&texts);
	}
	text_list_release(&places);
	return id;
}

/* A condition that holds for this page alone, also when its list is empty: owned by the caller. */
static char *feed_condition(const struct sketch *sketch, const char *title)
{
	const char *path = feed_title(sketch);
	size_t parent = path != NULL ? strlen(path) - strlen("/title") : 0;

	char *visible = text_visible_copy(title), *condition = NULL;

	if (path != NULL && strchr(title, '"') == NULL && strcmp(visible, title) == 0)
		condition = memory_format("%.*s[title = \"%s\"]", (int)parent, path, title);
	free(visible);
	return condition;
}

/* Where the rows stand in the items of a list in JSON, and some item has none, it may be that they
 * come and go: the items; else the rows. Owned by the caller. */
static char *lasting_rows(struct sketch *sketch, const char *rows)
{
	static const char step[] = "/item/";
	char *lasting = NULL;

	for (const char *at = strstr(rows, step); lasting == NULL && at != NULL;
		at = strstr(at + 1, step)) {
		int length = (int)(at - rows + (ptrdiff_t)strlen("/item"));
		char *path =
			memory_format("%.*s[not(%s)]", length, rows, rows + length + strlen("/"));
		xmlXPathObjectPtr without = nodes_of(sketch, path);

		if (without != NULL && node_set_count(without) > 0)
			lasting = memory_format("%.*s", length, rows);
		xmlXPathFreeObject(without);
		free(path);
	}
	return lasting != NULL ? lasting : memory_string(rows);
}

static void write_head(struct sketch *sketch, const char *rows, struct buffer *out)
{
	bool html = sketch->tree->type == XML_HTML_DOCUMENT_NODE;
	const char *path = html ? "//title" : feed_title(sketch), *title = "";
	struct text_list texts = {0};
	xmlXPathObjectPtr root = nodes_of(sketch, "/");
	char *condition;

	if (path != NULL && root != NULL)
		texts_of(sketch, root, path, 1, &texts);
	title = texts.count > 0 ? texts.list[0] : "";
	buffer_text(out, "about: ");
	write_shown(
		out, title[0] != '\0' ? title : "TODO: whose status page it is, in a few words");
	buffer_text(out, "\n\n# Is that on this page alone, on good days as on bad ones?\n");
	condition = feed_condition(sketch, title);
	if (condition == NULL)
		condition = lasting_rows(sketch, rows);
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
static void words_of(struct sketch *sketch, const xmlXPathObject *rows, const char *named,
	const char *word, struct text_list *words)
{
	char *path = memory_format("%s/%s", named, word);
	xmlXPathObjectPtr all = is_list(word) ? nodes_of(sketch, path) : NULL;

	if (all != NULL)
		texts_of(sketch, all, ".", READING_ROWS_MAX, words);
	else
		texts_of(sketch, rows, word, READING_ROWS_MAX, words);
	xmlXPathFreeObject(all);
	free(path);
}

/* The claims that come next. */
static void write_others(const struct sketch *sketch, struct buffer *out)
{
	for (size_t i = 1; i < RANKED && sketch->ranked[i].claim != NULL; i++) {
		const struct judged *other = &sketch->ranked[i];
		char *line = memory_format("%s, %zu rows, %s `%s`, %s `%s`", other->claim->each,
			other->rows, other->story ? "title" : "name", other->name,
			is_list(other->claim->word) ? "words" : "word", other->claim->word);
		char *visible = text_visible_copy(line);

		buffer_format(out, "%s# also possible: %s\n", i == 1 ? "\n" : "", visible);
		free(visible);
		free(line);
	}
}

/* The kind of the best claim. */
static void write_kind(struct sketch *sketch, struct buffer *out)
{
	const struct judged *best = &sketch->ranked[0];
	bool by_key = strcmp(best->name, SKETCH_KEY) == 0; /* which no row lacks */
	char *named = by_key ? memory_string(best->claim->each)
			     : memory_format("%s[%s]", best->claim->each, best->name);
	char *id;
	xmlXPathObjectPtr all = nodes_of(sketch, best->claim->each), rows = nodes_of(sketch, named);
	size_t lost = all != NULL && rows != NULL ? node_set_count(all) - node_set_count(rows) : 0;
	struct text_list words = {0}, names = {0};
	size_t filled;

	write_head(sketch, named, out);
	buffer_text(out, best->story ? "\nincidents:\n" : "\nindicators:\n");
	if (lost > 0)
		buffer_format(
			out, "  # Left out, for want of a name: %zu. Are they no rows?\n", lost);
	write_key(out, "  each", lost > 0 ? named : best->claim->each);
	id = rows != NULL ? find_id(sketch, rows) : NULL;
	if (id != NULL)
		write_key(out, "  id", id);
	if (by_key && text_ends(best->claim->each, "/*/*"))
		write_key(out, "  group", SKETCH_KEY_ABOVE);
	write_key(out, best->story ? "  title" : "  name", best->name);
	write_key(out, is_list(best->claim->word) ? "  words" : "  word", best->claim->word);
	if (rows != NULL) {
		texts_of(sketch, rows, best->name, READING_ROWS_MAX, &names);
		words_of(sketch, rows, named, best->claim->word, &words);
	}
	if (id == NULL && count_different(&names, &filled) < names.count)
		buffer_text(out,
			"  # Names repeat: is there a group: or an id: that tells the rows "
			"apart?\n");
	write_levels(sketch, text_starts(best->claim->word, "replace("), &words, out);
	write_others(sketch, out);
	text_list_release(&names);
	text_list_release(&words);
	xmlXPathFreeObject(all);
	xmlXPathFreeObject(rows);
	free(id);
	free(named);
}

/* Reads the page by what was written, and says what came of it. */
static bool try_kind(const struct document *document, const struct buffer *written,
	struct buffer *out, struct error *error)
{
	struct buffer source = {0};
	struct reading reading = {0};
	struct read_report report = {0};
	struct kind *kind;
	bool good;

	buffer_add(&source, "sketch.yaml\0", sizeof "sketch.yaml\0");
	buffer_add(&source, buffer_string(written), written->length);
	kind = kind_of_source(buffer_string(&source), source.length);
	good = kind != NULL ? read_page(kind, "", document, &reading, &report, error)
			    : error_set(error, REMEDY_PAGE, "it cannot be loaded");
	if (good)
		buffer_format(out,
			"# Sketched from one page: %zu indicators, %zu incidents; words not "
			"known: %zu.\n# Each line is a guess; the comments say what is least "
			"sure.\n",
			reading.indicator_count, reading.incident_count, report.unknown_words);
	else
		error_prefix(error, "the sketch does not read the page");
	read_report_release(&report);
	reading_release(&reading);
	kind_free(kind);
	buffer_release(&source);
	return good;
}

/* Why there is no sketch, and what to do about it. */
static bool complain(const struct sketch *sketch, const struct claims *claims, struct error *error)
{
	char *lists;

	if (sketch->nameless != NULL)
		return error_set(error, REMEDY_PAGE,
			"there are rows with words (%.200s), but nothing in them looks like a "
			"name; write the kind by hand",
			sketch->nameless->each);
	if (sketch->error.text[0] != '\0')
		return error_set(error, REMEDY_PAGE,
			"%.300s; that is more rows than a reading has: sketch a copy of the page "
			"with a hundred of them, and leave out in `each` what you do not watch",
			sketch->error.text);
	lists = lists_describe(sketch->tree);
	error_set(error, REMEDY_PAGE,
		"no rows with a word found; %s; %s%.600s: write the kind by hand, see Indicators "
		"in lampwatch-kind(5)",
		claims->count > 0 ? "such words are there, but never in two rows alike"
				  : "no text is a word that another kind knows, or stands under a "
				    "key such as \"status\"",
		lists[0] != '\0' ? "what repeats is " : "nothing repeats", lists);
	free(lists);
	return false;
}

static void sketch_release(struct sketch *sketch)
{
	for (size_t i = 0; i < RANKED; i++)
		free(sketch->ranked[i].name);
	evaluation_free(sketch->evaluation);
	for (size_t i = 0; i < sketch->xpath_count; i++)
		xpath_free(sketch->xpaths[i]);
	free(sketch->xpaths);
}

bool sketch_kind(const struct kind *const *kinds, size_t count, const struct document *document,
	struct buffer *out, struct error *error)
{
	struct known_words *known = known_words_new(kinds, count);
	struct sketch sketch = {.known = known};
	struct claims claims = {0};
	struct buffer written = {.maximum = SKETCH_MAX};
	bool good = false;

	sketch.tree = tree_parse(document->bytes, document->length, error);
	if (sketch.tree != NULL) {
		sketch.evaluation = evaluation_new("", NULL);
		evaluation_add_document(sketch.evaluation, "page", sketch.tree);
		claims_find(sketch.tree, known, &claims);
		for (size_t i = 0; i < claims.count && i < SKETCH_JUDGED_MAX; i++)
			judge(&sketch, &claims.list[i]);
		good = sketch.ranked[0].claim != NULL || complain(&sketch, &claims, error);
	}
	if (good)
		write_kind(&sketch, &written);
	good = good && try_kind(document, &written, out, error) &&
	       buffer_text(out, buffer_string(&written));
	buffer_release(&written);
	claims_release(&claims);
	sketch_release(&sketch);
	known_words_free(known);
	return good;
}
