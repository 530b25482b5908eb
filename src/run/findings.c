/* SPDX-License-Identifier: ISC */
#include "run/findings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/pattern.h"
#include "run/observe.h"
#include "tell/admin_notice.h"
#include "watch/diff.h"

/* ---- words ---- */

static void add_word(const struct kind *kind, const char *page, const char *word, const char *row,
	struct findings *findings)
{
	char *place, *text;

	if (text_empty(word) || kind_knows_word(kind, word))
		return;
	place = kind_levels_place(kind);
	text = memory_format("the word \"%.100s\" (%.200s) is in no table of kind %s: it counts as "
			     "unknown, grey; a line such as \"major_outage: [%.100s]\" below "
			     "\"levels\", %s, says what it means",
		word, row, kind_name(kind), word, place);
	findings_add(findings, page, FINDING_WORD, word, text);
	free(text);
	free(place);
}

void findings_of_words(const struct kind *kind, const char *page, const struct reading *reading,
	struct findings *findings)
{
	if (reading->level == LEVEL_UNKNOWN)
		add_word(kind, page, reading->word, "the page as a whole", findings);
	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *row = &reading->indicators[i];
		char *label;

		if (row->level != LEVEL_UNKNOWN)
			continue;
		label = text_label(row->group, row->name);
		add_word(kind, page, row->word, label, findings);
		free(label);
	}
	for (size_t i = 0; i < reading->incident_count; i++)
		if (reading->incidents[i].level == LEVEL_UNKNOWN)
			add_word(kind, page, reading->incidents[i].word,
				reading->incidents[i].title, findings);
}

/* ---- names ---- */

static void add_bare(const struct text_list *patterns, struct text_list *out)
{
	for (size_t i = 0; i < patterns->count; i++)
		text_list_add(out, patterns->list[i] + (patterns->list[i][0] == '!'));
}

/* The patterns that choose among the page's indicators, without "!", sorted. */
static void patterns_in_use(const struct work *work, struct text_list *patterns)
{
	const struct receivers *receivers = &work->observer->receivers;

	add_bare(&work->seen->page->indicators, patterns);
	for (size_t i = 0; i < receivers->count; i++) {
		const struct subscription *subscription = receivers->list[i].subscription;

		if (subscription->indicators.count > 0 &&
			patterns_choose_name(&subscription->pages, work->seen->page->name))
			add_bare(&subscription->indicators, patterns);
	}
	text_list_sort(patterns);
}

static bool fits(const char *pattern, const struct indicator *row)
{
	return pattern_fits(pattern, row->id, row->group, row->name);
}

static void follow(struct work *work, const struct rename *rename, const struct text_list *patterns)
{
	struct meanings *meanings = &work->observer->meanings;
	const char *page = work->seen->page->name;
	struct text_list meant = {0};

	if (!text_equal(rename->was->id, rename->is->id))
		meanings_follow(meanings, page, rename->was->id, rename->is->id);
	meanings_of(meanings, page, rename->is->id, &meant);
	for (size_t i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->list[i];

		if ((i > 0 && strcmp(pattern, patterns->list[i - 1]) == 0) ||
			!fits(pattern, rename->was) || fits(pattern, rename->is) ||
			text_list_has(&meant, pattern))
			continue;
		meanings_add(meanings, page, pattern, rename->is->id);
	}
	text_list_release(&meant);
}

/* True where the two list the same indicators under the same names, in the same order, which is
 * that of a canonical text. */
static bool same_rows(const struct reading *before, const struct reading *after)
{
	bool same = before->indicator_count == after->indicator_count;

	for (size_t i = 0; same && i < after->indicator_count; i++) {
		const struct indicator *was = &before->indicators[i], *is = &after->indicators[i];

		same = text_equal(was->id, is->id) && text_equal(was->group, is->group) &&
		       text_equal(was->name, is->name);
	}
	return same;
}

void names_follow(struct work *work, const struct reading *before, const struct reading *after)
{
	const struct page_config *page = work->seen->page;
	struct text_list patterns = {0};
	struct rename *renames = NULL;
	size_t count;

	if (!work->first && same_rows(before, after))
		return;
	work->observer->rows_changed = true;
	if (work->first)
		return;
	patterns_in_use(work, &patterns);
	count = patterns.count > 0 ? diff_renamed(before, after, &renames) : 0;
	for (size_t i = 0; i < count; i++)
		follow(work, &renames[i], &patterns);
	work->meaning_changed = count > 0;
	text_list_release(&work->patterns);
	meanings_expand(&work->observer->meanings, page->name, &page->indicators, &work->patterns);
	text_list_release(&patterns);
	free(renames);
}

static char *meaning_item(const struct meaning *meaning)
{
	return memory_format("%s %s", meaning->pattern, meaning->id);
}

void finding_of_meaning_forget(struct database *database, const struct meaning *meaning)
{
	char type[] = FINDING_RENAMED, *item = meaning_item(meaning);
	const struct finding finding = {.page = meaning->page, .type = type, .item = item};

	finding_forget(database, &finding);
	free(item);
}

static void add_renamed(const struct work *work, struct findings *findings)
{
	const struct meanings *meanings = &work->observer->meanings;
	const char *page = work->seen->page->name;

	for (size_t i = 0; i < meanings->count; i++) {
		const struct meaning *meaning = &meanings->list[i];
		const struct indicator_state *indicator =
			indicator_states_find(&work->state->indicators, meaning->id);
		char *item, *text, *label;

		if (!text_equal(meaning->page, page) || indicator == NULL)
			continue;
		item = meaning_item(meaning);
		label = text_label(indicator->group, indicator->name);
		text = memory_format("\"%.200s\" in \"indicators\" goes on to mean what the page "
				     "now calls \"%.200s\" (id %.100s): write that name there",
			meaning->pattern, label, meaning->id);
		findings_add(findings, page, FINDING_RENAMED, item, text);
		free(text);
		free(label);
		free(item);
	}
}

/* ---- all of a page ---- */

/* Lines of read_report_notes(): foreign bytes came through the child that wrote them. */
static void add_notes(const char *notes, const char *page, struct findings *findings)
{
	while (*notes != '\0') {
		size_t length = strcspn(notes, "\n"), item = strcspn(notes, "\t\n");
		char *name = memory_bytes(notes, item);
		char *text = memory_bytes(notes + item, notes[item] == '\t' ? length - item : 0);

		findings_add(findings, page, FINDING_ID, name, text + (text[0] == '\t'));
		free(text);
		free(name);
		notes += length + (notes[length] == '\n');
	}
}

void findings_of_page(struct work *work)
{
	const char *page = work->seen->page->name;

	if (work->suppressed || work->observer->untold)
		return;
	findings_of_words(work->seen->kind, page, &work->after, &work->findings);
	add_renamed(work, &work->findings);
	if (work->seen->notes != NULL)
		add_notes(work->seen->notes, page, &work->findings);
	work->findings_taken = true;
}

/* A word that a table has by now is news when it is in none again. */
static void forget_known_words(const struct work *work)
{
	struct findings words = {0};

	findings_load(work->observer->database, work->seen->page->name, FINDING_WORD, true, &words);
	for (size_t i = 0; i < words.count; i++)
		if (kind_knows_word(work->seen->kind, words.list[i].item))
			finding_forget(work->observer->database, &words.list[i]);
	findings_release(&words);
}

void findings_enqueue(struct work *work)
{
	struct database *database = work->observer->database;
	const char *page = work->seen->page->name;
	const char *const types[] = {FINDING_WORD, FINDING_RENAMED, FINDING_ID};

	if (work->meaning_changed)
		meanings_save(database, &work->observer->meanings, page);
	if (!work->findings_taken)
		return;
	findings_release(&work->fresh);
	forget_known_words(work);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i], FINDING_ID) != 0 || work->seen->notes != NULL)
			findings_save(database, page, types[i], &work->findings, work->seen->now,
				&work->fresh);
	findings_tell(work->observer, page, &work->fresh, work->seen->now);
	work->pending = work->pending || work->fresh.count > 0;
}

void findings_tell(const struct observer *observer, const char *page,
	const struct findings *findings, int64_t now)
{
	struct buffer reason = {0};
	char *id, *what;
	struct admin_notice note = {
		.type = EVENT_FINDING, .page = page, .label = page, .seen = now};

	if (findings->count == 0)
		return;
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		buffer_format(&reason, "%s%s%s%s", i > 0 ? "; also " : "",
			page == NULL ? finding->page : "",
			page == NULL && finding->page[0] != '\0' ? ": " : "", finding->text);
		store_add_event(observer->database, finding->page, now,
			event_type_name(EVENT_FINDING), finding->item, finding->item, "", "",
			finding->text);
	}
	what = memory_format(
		"%s%s", findings->list[0].text, findings->count > 1 ? ", and more" : "");
	id = memory_format("f.%s.%" PRId64, page != NULL ? page : "", now);
	note.label = page != NULL ? page : "lampwatch.yaml";
	note.what = what;
	note.reason = buffer_string(&reason);
	note.id = id;
	admin_notice_send(observer->database, observer->config, observer->templates, &note, now);
	buffer_release(&reason);
	free(what);
	free(id);
}
