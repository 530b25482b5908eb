/* SPDX-License-Identifier: ISC
 *
 * Which words differ between two texts: the shortest edit script (E. W. Myers, "An O(ND)
 * Difference Algorithm and Its Variations", 1986), without what both have at their ends.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "publish/site_p.h"

enum {
	WORDS_MAX = 200000, /* of a text */
	EDITS_MAX = 600,    /* what differs more is another text */
	AROUND = 10         /* unchanged words that are shown around a change */
};

/* A word, or a run of what stands between words. Borrowed from the text. */
struct word {
	const char *text;
	size_t length;
};

struct words {
	struct word *list;
	size_t count;
};

enum mark { SAME, REMOVED, ADDED };

/* One step of the script, backwards. */
struct step {
	enum mark mark;
	struct word word;
};

struct script {
	struct step *list;
	size_t count;
};

static bool in_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (unsigned char)c >= 0x80;
}

/* A word and each other character are one piece; a run of blanks is one blank, a line's end one
 * line's end. */
static void split(const char *text, struct words *words)
{
	for (size_t length; *text != '\0' && words->count < WORDS_MAX; text += length) {
		struct word *word = memory_append(&words->list, &words->count, sizeof *word);

		if (*text == ' ' || *text == '\n') {
			length = strspn(text, " \n");
			*word = (struct word){memchr(text, '\n', length) != NULL ? "\n" : " ", 1};
			continue;
		}
		length = 1;
		while (in_word(*text) && in_word(text[length]))
			length++;
		*word = (struct word){text, length};
	}
}

static bool equal(const struct word *a, const struct word *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static void add_step(struct script *script, enum mark mark, struct word word)
{
	struct step *step = memory_append(&script->list, &script->count, sizeof *step);

	*step = (struct step){mark, word};
}

/* Whether diagonal k is reached, by d edits, from the one above it: by a word that is added. */
static bool is_added(const long *reached, long k, long d)
{
	return k == -d || (k != d && reached[k - 1] < reached[k + 1]);
}

/* Where the run on diagonal k begins after d edits. */
static long advance(const long *reached, long k, long d)
{
	if (d == 0)
		return 0;
	return is_added(reached, k, d) ? reached[k + 1] : reached[k - 1] + 1;
}

/* Goes back along what was reached after each number of edits. */
static void trace_back(const struct words *a, const struct words *b, long *const *trace, long edits,
	struct script *script)
{
	long x = (long)a->count, y = (long)b->count;

	for (long d = edits; d >= 0; d--) {
		const long *reached = trace[d] + d + 1;
		long k = x - y, start = advance(reached, k, d);

		while (x > start && y > start - k) {
			add_step(script, SAME, a->list[--x]);
			y--;
		}
		if (d == 0)
			break;
		if (is_added(reached, k, d))
			add_step(script, ADDED, b->list[--y]);
		else
			add_step(script, REMOVED, a->list[--x]);
	}
}

/* False where more than EDITS_MAX words differ. */
static bool compare(const struct words *a, const struct words *b, struct script *script)
{
	long *trace[EDITS_MAX + 1] = {NULL}, edits = -1;
	long *reached = memory_zero(2 * EDITS_MAX + 5, sizeof *reached),
	     *middle = reached + EDITS_MAX + 2;

	for (long d = 0; d <= EDITS_MAX && edits < 0; d++) {
		/* As it was before this round: diagonals -d-1 to d+1. */
		trace[d] = memory_zero((size_t)(2 * d + 3), sizeof *trace[d]);
		memcpy(trace[d], middle - d - 1, (size_t)(2 * d + 3) * sizeof *trace[d]);
		for (long k = -d; k <= d && edits < 0; k += 2) {
			long x = advance(middle, k, d), y = x - k;

			while (x < (long)a->count && y < (long)b->count &&
				equal(&a->list[x], &b->list[y]))
				x++, y++;
			middle[k] = x;
			if (x >= (long)a->count && y >= (long)b->count)
				edits = d;
		}
	}
	if (edits >= 0)
		trace_back(a, b, trace, edits, script);
	for (long d = 0; d <= EDITS_MAX; d++)
		free(trace[d]);
	free(reached);
	return edits >= 0;
}

/* ---- for the templates ---- */

static void add_run(struct value *list, enum mark mark, struct buffer *text)
{
	static const char *const keys[] = {
		[SAME] = "same", [REMOVED] = "removed", [ADDED] = "added"};
	struct value *map;

	if (text->length == 0)
		return;
	map = value_append(list, value_map());
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		value_put_text(map, keys[i], i == mark ? buffer_string(text) : "");
	buffer_clear(text);
}

/* How far the next change is, in either direction: what is far from any is left out. */
static bool near(const struct script *script, size_t at)
{
	size_t from = at > AROUND ? at - AROUND : 0,
	       to = at + AROUND < script->count ? at + AROUND : script->count - 1;

	for (size_t i = from; i <= to; i++)
		if (script->list[i].mark != SAME)
			return true;
	return false;
}

/* A blank between two words that changed belongs to them: a phrase is read as one. */
static bool joins(const struct script *script, size_t at)
{
	const struct step *step = &script->list[at];

	return step->mark == SAME && step->word.length == 1 && *step->word.text == ' ' && at > 0 &&
	       at + 1 < script->count && script->list[at - 1].mark != SAME &&
	       script->list[at + 1].mark != SAME;
}

static struct value *runs(const struct script *script)
{
	struct buffer texts[] = {[SAME] = {0}, [REMOVED] = {0}, [ADDED] = {0}};
	struct value *list = value_list();
	bool left_out = false;

	for (size_t i = script->count; i-- > 0;) {
		const struct step *step = &script->list[i];

		if (joins(script, i)) {
			buffer_add(&texts[REMOVED], step->word.text, step->word.length);
			buffer_add(&texts[ADDED], step->word.text, step->word.length);
			continue;
		}
		if (step->mark != SAME) {
			add_run(list, SAME, &texts[SAME]);
			buffer_add(&texts[step->mark], step->word.text, step->word.length);
			continue;
		}
		add_run(list, REMOVED, &texts[REMOVED]);
		add_run(list, ADDED, &texts[ADDED]);
		if (near(script, i))
			buffer_add(&texts[SAME], step->word.text, step->word.length);
		else if (!left_out)
			buffer_text(&texts[SAME], " … ");
		left_out = !near(script, i);
	}
	add_run(list, SAME, &texts[SAME]);
	add_run(list, REMOVED, &texts[REMOVED]);
	add_run(list, ADDED, &texts[ADDED]);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		buffer_release(&texts[i]);
	return list;
}

struct value *site_words(const char *before, const char *after)
{
	struct words a = {0}, b = {0}, from, to;
	struct script script = {0};
	struct value *list = NULL;
	size_t head = 0, end = 0;

	split(before, &a);
	split(after, &b);
	/* what both begin and end with is the greatest part, and costs nothing */
	while (head < a.count && head < b.count && equal(&a.list[head], &b.list[head]))
		head++;
	while (end < a.count - head && end < b.count - head &&
		equal(&a.list[a.count - 1 - end], &b.list[b.count - 1 - end]))
		end++;
	a.count -= end;
	b.count -= end;
	from = (struct words){a.list + head, a.count - head};
	to = (struct words){b.list + head, b.count - head};
	for (size_t i = end < AROUND ? end : AROUND; i-- > 0;)
		add_step(&script, SAME, a.list[a.count + i]);
	if (from.count + to.count > 0 && compare(&from, &to, &script)) {
		for (size_t i = 0; i < head && i < AROUND; i++)
			add_step(&script, SAME, a.list[head - 1 - i]);
		list = runs(&script);
	}
	free(script.list);
	free(a.list);
	free(b.list);
	return list;
}
