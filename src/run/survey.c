/* SPDX-License-Identifier: ISC */
#include "run/survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/pattern.h"
#include "run/findings.h"
#include "run/kinds.h"
#include "run/observe.h"
#include "run/print.h"
#include "store/store.h"
#include "watch/diff.h"

#define FACT_SURVEYED "patterns surveyed"

/* A page as it was last read. */
struct surveyed {
	const struct page_config *page; /* borrowed */
	struct page_state *state;       /* borrowed; NULL: nobody can tell what it lists */
	bool watched_only;              /* what is asked for must be watched, too */
	struct reading reading;
	struct text_list patterns; /* the page's own, and what they have come to mean */
};

/* ---- what the pages list ---- */

/* A page that lists only what is in trouble, or names indicators only in what it writes about
 * incidents, may list anything tomorrow. */
static bool lists_all(const struct kind *kind, const struct reading *reading)
{
	return !kind_lists_troubles_only(kind) &&
	       reading_indicator(reading, READING_OTHERS) == NULL &&
	       (reading->indicator_count > 0 || !kind_names_affected(kind));
}

static void open_page(
	const struct survey *survey, const struct page_config *page, struct surveyed *surveyed)
{
	struct page_state *state = page_states_find(survey->states, page->name);

	*surveyed = (struct surveyed){.page = page};
	meanings_expand(survey->meanings, page->name, &page->indicators, &surveyed->patterns);
	if (state == NULL || !state->known || !text_equal(state->url, page->url))
		return;
	store_load(survey->database, state);
	if (state->reading == NULL ||
		!reading_parse(state->reading, strlen(state->reading), &surveyed->reading, NULL) ||
		!lists_all(kind_set_of(survey->kinds, page), &surveyed->reading))
		return;
	surveyed->state = state;
}

static void close_page(struct surveyed *surveyed)
{
	reading_release(&surveyed->reading);
	text_list_release(&surveyed->patterns);
	if (surveyed->state != NULL)
		store_unload(surveyed->state);
}

static bool fits(const struct surveyed *surveyed, const char *pattern, const char *id,
	const char *group, const char *name)
{
	return pattern_fits(pattern, id, group, name) &&
	       (!surveyed->watched_only || patterns_choose(&surveyed->patterns, id, group, name));
}

/* What is listed, what an open incident names, and what was listed: its going was told. */
static bool fits_page(
	const struct survey *survey, const struct surveyed *surveyed, const char *pattern)
{
	const struct reading *reading = &surveyed->reading;
	const struct indicator_states *known =
		surveyed->state != NULL ? &surveyed->state->indicators : NULL;
	bool found = known == NULL;

	for (size_t i = 0; !found && i < survey->meanings->count; i++)
		found = text_equal(survey->meanings->list[i].page, surveyed->page->name) &&
			text_equal(survey->meanings->list[i].pattern, pattern);
	for (size_t i = 0; !found && i < reading->indicator_count; i++)
		found = fits(surveyed, pattern, reading->indicators[i].id,
			reading->indicators[i].group, reading->indicators[i].name);
	for (size_t i = 0; !found && i < reading->affects_count; i++)
		found = fits(surveyed, pattern, reading->affects[i].indicator, "",
			reading->affects[i].indicator);
	for (size_t i = 0; !found && i < known->count; i++)
		found = known->list[i].gone && fits(surveyed, pattern, known->list[i].id,
						       known->list[i].group, known->list[i].name);
	return found;
}

/* ---- what fits nothing ---- */

/* The name on the pages that comes nearest to the pattern; "" where none does. Borrowed. */
static const char *nearest(const struct surveyed *pages, size_t count, const char *pattern)
{
	const char **names = NULL, *found;
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < pages[i].reading.indicator_count; j++)
			*(const char **)memory_append(&names, &total, sizeof *names) =
				pages[i].reading.indicators[j].name;
	found = total > 0 ? text_nearest(pattern, names, total) : NULL;
	free(names);
	return found != NULL ? found : "";
}

/* owner: who has the pattern, for people; "" for a page's own. key: where it stands. */
static void add_pattern(struct findings *findings, const struct surveyed *pages, size_t count,
	const char *page, const char *owner, const char *key, const char *pattern)
{
	const char *near = nearest(pages, count, pattern + (pattern[0] == '!'));
	char *item = memory_format("%s%s%s", owner, owner[0] != '\0' ? ": " : "", pattern);
	char *text = memory_format("%s%s\"%.200s\" in \"%s\" fits nothing that %s%s%s%s", owner,
		owner[0] != '\0' ? ": " : "", pattern, key,
		owner[0] != '\0' ? "its pages list and watch" : "the page lists",
		near[0] != '\0' ? "; did you mean \"" : "", near, near[0] != '\0' ? "\"?" : "");

	findings_add(findings, page, FINDING_PATTERN, item, text);
	free(text);
	free(item);
}

static void survey_page(
	const struct survey *survey, const struct surveyed *surveyed, struct findings *findings)
{
	const struct text_list *patterns = &surveyed->page->indicators;

	for (size_t i = 0; i < patterns->count; i++)
		if (!fits_page(survey, surveyed, patterns->list[i] + (patterns->list[i][0] == '!')))
			add_pattern(findings, surveyed, 1, surveyed->page->name, "", "indicators",
				patterns->list[i]);
}

/* What its causes explain is looked for on the page itself, and they on theirs. */
static void survey_causes(const struct survey *survey, const struct page_config *page,
	const struct surveyed *pages, struct findings *findings)
{
	const struct surveyed *own = &pages[page - survey->config->pages];

	for (size_t i = 0; i < page->cause_count; i++) {
		const struct cause_config *causes = &page->causes[i];

		if (causes->indicator != NULL && !fits_page(survey, own, causes->indicator))
			add_pattern(
				findings, own, 1, page->name, "", "depends_on", causes->indicator);
		for (size_t j = 0; j < causes->causes.count; j++) {
			const char *cause = causes->causes.list[j], *indicator;
			const struct page_config *page_of =
				config_cause_page(survey->config, cause, &indicator);
			const struct surveyed *there = &pages[page_of - survey->config->pages];

			if (!fits_page(survey, there, indicator))
				add_pattern(findings, there, 1, page->name, cause, "depends_on",
					indicator);
		}
	}
}

/* A receiver's pattern may fit on any of its pages. */
static void survey_receiver(const struct survey *survey, const struct receiver *receiver,
	const struct surveyed *pages, size_t count, struct findings *findings)
{
	const struct subscription *subscription = receiver->subscription;

	for (size_t i = 0; i < subscription->indicators.count; i++) {
		const char *pattern = subscription->indicators.list[i];
		bool found = false;

		for (size_t j = 0; !found && j < count; j++)
			found = patterns_choose_name(&subscription->pages, pages[j].page->name) &&
				fits_page(survey, &pages[j], pattern + (pattern[0] == '!'));
		if (!found)
			add_pattern(findings, pages, count, "", receiver_shown(receiver->name),
				"indicators", pattern);
	}
}

static bool any_patterns(const struct survey *survey)
{
	for (size_t i = 0; i < survey->config->page_count; i++)
		if (survey->config->pages[i].indicators.count > 0 ||
			survey->config->pages[i].cause_count > 0)
			return true;
	for (size_t i = 0; i < survey->receivers->count; i++)
		if (survey->receivers->list[i].subscription->indicators.count > 0)
			return true;
	return false;
}

void survey_patterns(const struct survey *survey, struct findings *findings)
{
	size_t count = survey->config->page_count;
	struct surveyed *pages;

	if (!any_patterns(survey))
		return;
	pages = memory_zero(count, sizeof *pages);
	for (size_t i = 0; i < count; i++) {
		open_page(survey, &survey->config->pages[i], &pages[i]);
		survey_page(survey, &pages[i], findings);
		pages[i].watched_only = true;
	}
	for (size_t i = 0; i < count; i++)
		survey_causes(survey, &survey->config->pages[i], pages, findings);
	for (size_t i = 0; i < survey->receivers->count; i++)
		survey_receiver(survey, &survey->receivers->list[i], pages, count, findings);
	for (size_t i = 0; i < count; i++)
		close_page(&pages[i]);
	free(pages);
}

void survey_words(const struct survey *survey, struct findings *findings)
{
	for (size_t i = 0; i < survey->config->page_count; i++) {
		const struct page_config *page = &survey->config->pages[i];
		struct page_state *state = page_states_find(survey->states, page->name);
		struct reading reading = {0}, watched = {0};
		struct text_list patterns = {0};

		if (state == NULL)
			continue;
		store_load(survey->database, state);
		meanings_expand(survey->meanings, page->name, &page->indicators, &patterns);
		if (state->reading != NULL &&
			reading_parse(state->reading, strlen(state->reading), &reading, NULL)) {
			reading_watched(&reading, &patterns, &watched);
			findings_of_words(
				kind_set_of(survey->kinds, page), page->name, &watched, findings);
		}
		text_list_release(&patterns);
		reading_release(&watched);
		reading_release(&reading);
		store_unload(state);
	}
}

/* ---- in a run ---- */

static void digest_texts(const struct text_list *texts, struct buffer *out)
{
	for (size_t i = 0; i < texts->count; i++)
		buffer_format(out, "%s\n", texts->list[i]);
	buffer_byte(out, '\n');
}

/* Of all that the patterns and what they are held against depend on in the configuration. */
static void digest_configuration(const struct survey *survey, char digest[static DIGEST_TEXT])
{
	struct buffer text = {.maximum = SIZE_MAX / 2};

	for (size_t i = 0; i < survey->config->page_count; i++) {
		const struct page_config *page = &survey->config->pages[i];

		buffer_format(&text, "%s\n%s\n", page->name, page->url);
		digest_texts(&page->indicators, &text);
		for (size_t j = 0; j < page->cause_count; j++) {
			buffer_format(&text, "%s\n",
				page->causes[j].indicator != NULL ? page->causes[j].indicator : "");
			digest_texts(&page->causes[j].causes, &text);
		}
	}
	for (size_t i = 0; i < survey->receivers->count; i++) {
		const struct receiver *receiver = &survey->receivers->list[i];

		buffer_format(&text, "%s\n", receiver->name);
		digest_texts(&receiver->subscription->pages, &text);
		digest_texts(&receiver->subscription->indicators, &text);
	}
	digest_sha256(buffer_string(&text), text.length, digest);
	buffer_release(&text);
}

static bool has(const struct findings *findings, const struct finding *like)
{
	for (size_t i = 0; i < findings->count; i++)
		if (text_equal(findings->list[i].page, like->page) &&
			text_equal(findings->list[i].item, like->item))
			return true;
	return false;
}

/* What fits something by now, or stands nowhere any more, is news when it comes again. */
static void forget_mended(struct database *database, const struct findings *now)
{
	struct findings known = {0};

	findings_load(database, NULL, FINDING_PATTERN, true, &known);
	for (size_t i = 0; i < known.count; i++)
		if (!has(now, &known.list[i]))
			finding_forget(database, &known.list[i]);
	findings_release(&known);
}

static bool in_use(const struct survey *survey, const struct meaning *meaning)
{
	const struct page_config *page = config_page(survey->config, meaning->page);
	char *leaves_out = memory_format("!%s", meaning->pattern);
	bool used = page != NULL && (text_list_has(&page->indicators, meaning->pattern) ||
					    text_list_has(&page->indicators, leaves_out));

	for (size_t i = 0; page != NULL && !used && i < survey->receivers->count; i++) {
		const struct text_list *patterns =
			&survey->receivers->list[i].subscription->indicators;

		used = text_list_has(patterns, meaning->pattern) ||
		       text_list_has(patterns, leaves_out);
	}
	free(leaves_out);
	return used;
}

/* The configuration names it otherwise by now. */
static void drop_unused(const struct survey *survey, struct meanings *meanings)
{
	for (size_t i = 0; i < meanings->count; i++) {
		if (in_use(survey, &meanings->list[i]))
			continue;
		finding_of_meaning_forget(survey->database, &meanings->list[i]);
		meaning_drop(survey->database, meanings, i--);
	}
}

void survey_run(struct observer *observer, const struct kind_set *kinds, int64_t now)
{
	struct page_states states = {0}; /* also of pages that were first seen now */
	struct survey survey = {observer->config, kinds, observer->database, &states,
		&observer->receivers, &observer->meanings};
	char *before = store_fact(observer->database, FACT_SURVEYED), digest[DIGEST_TEXT];
	struct findings findings = {0}, fresh = {0};
	struct error error;
	bool changed;

	digest_configuration(&survey, digest);
	changed = !text_equal(before, digest);
	free(before);
	if (!changed && !observer->rows_changed)
		return;
	store_pages(observer->database, &states);
	survey_patterns(&survey, &findings);
	page_states_release(&states);
	database_begin(observer->database);
	if (changed)
		drop_unused(&survey, &observer->meanings);
	forget_mended(observer->database, &findings);
	for (size_t i = 0; i < findings.count; i++)
		if (i == 0 || !text_equal(findings.list[i - 1].page, findings.list[i].page))
			findings_save(observer->database, findings.list[i].page, FINDING_PATTERN,
				&findings, now, &fresh);
	findings_tell(observer, NULL, &fresh, now);
	store_set_fact(observer->database, FACT_SURVEYED, digest);
	if (database_commit(observer->database, &error)) {
		for (size_t i = 0; i < fresh.count; i++)
			observer_say(observer,
				fresh.list[i].page[0] != '\0' ? fresh.list[i].page
							      : observer->config->path,
				fresh.list[i].text);
		if (fresh.count > 0)
			courier_wake(observer->courier);
	} else {
		observer_say(observer, observer->config->path, error.text);
		observer->local_trouble = true;
	}
	findings_release(&findings);
	findings_release(&fresh);
}
