/* SPDX-License-Identifier: ISC */
#include "run/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/indicator_state.h"
#include "run/freshness.h"

enum { SHORT_DAY = 11 /* characters of date_write_short() before the time of day */ };

struct known_state {
	char *name;
	struct page_state *state; /* NULL: it was never seen */
};

struct page_state *known_states_find(struct known_states *known, const char *name, bool loaded)
{
	struct known_state *found = NULL;

	for (size_t i = 0; i < known->count && found == NULL; i++)
		if (text_equal(known->list[i].name, name))
			found = &known->list[i];
	if (found == NULL && known->all.count > 0) {
		struct page_state *state = page_states_find(&known->all, name);

		return state != NULL && (!loaded || store_load(known->database, state)) ? state
											: NULL;
	}
	if (found == NULL) {
		struct page_state *state = memory_zero(1, sizeof *state);
		bool seen = store_page(known->database, name, state);

		found = memory_append(&known->list, &known->count, sizeof *found);
		*found = (struct known_state){memory_string(name), seen ? state : NULL};
		if (!seen)
			free(state);
	}
	if (found->state != NULL && loaded && !store_load(known->database, found->state))
		return NULL;
	return found->state;
}

void known_states_release(struct known_states *known)
{
	for (size_t i = 0; i < known->count; i++) {
		free(known->list[i].name);
		if (known->list[i].state != NULL)
			page_state_release(known->list[i].state);
		free(known->list[i].state);
	}
	free(known->list);
	page_states_release(&known->all);
	known->list = NULL;
	known->count = 0;
}

bool known_states_fresh(const struct known_states *known, const struct page_config *page,
	const struct page_state *state)
{
	if (state != NULL && known->holds)
		return state->known && state->failures == 0;
	return text_equal(page_freshness(page, state, known->now), "fresh");
}

static enum fact_state fact_of_level(enum level level)
{
	return level == LEVEL_UNKNOWN    ? FACT_UNKNOWN
	       : level >= LEVEL_DEGRADED ? FACT_BAD
					 : FACT_GOOD;
}

/* False where it is a crowd that says nothing. */
static bool look_up(struct known_states *known, const struct config *config, const char *name,
	struct known_check *check)
{
	const char *slash = strchr(name, '/');
	char *probe = memory_bytes(name, (size_t)(slash - name));
	const struct page_config *page = config_page(config, probe);
	const struct page_state *state = known_states_find(known, probe, true);
	const struct indicator_state *indicator = NULL;

	*check = (struct known_check){.check = name, .word = ""};
	bool crowd = page != NULL && page->match != NULL;

	if (page != NULL && state != NULL && known_states_fresh(known, page, state))
		indicator = indicator_states_find(&state->indicators, slash + 1);
	if (indicator != NULL && crowd) { /* which is never red */
		check->is = (struct fact){
			.state = fact_of_level(indicator->level), .since = indicator->since};
		check->level = indicator->level;
		if (check->is.state == FACT_BAD)
			check->word = indicator->word;
	} else if (indicator != NULL && !indicator->gone && indicator->level != LEVEL_UNKNOWN) {
		check->is =
			indicator->alarm
				? (struct fact){.state = FACT_BAD, .since = indicator->alarm_since}
				: (struct fact){.state = FACT_GOOD, .since = indicator->since};
		check->level = indicator->alarm ? indicator->peak : indicator->level;
		if (indicator->red) /* else it is what it said when it worked */
			check->word = indicator->word;
	}
	free(probe);
	check->is.heard = crowd;
	return !crowd || check->is.state != FACT_UNKNOWN;
}

void fact_look_up(struct known_states *known, const struct config *config,
	const struct page_config *page, const struct fact_config *config_of,
	struct known_fact *fact)
{
	size_t count = config_of->checks.count, counted = 0;
	struct fact *facts = memory_zero(count, sizeof *facts);

	*fact = (struct known_fact){.count = count};
	fact->checks = memory_zero(count, sizeof *fact->checks);
	for (size_t i = 0; i < count; i++) {
		bool says = look_up(known, config, config_of->checks.list[i], &fact->checks[i]);

		/* One that learns for a week must not keep the others from being right. */
		if (says || page->need != NEED_ANY)
			facts[counted++] = fact->checks[i].is;
	}
	if (counted > 0)
		fact->is = fact_of_checks(
			facts, counted, page->need == NEED_ALL ? count : (size_t)page->need);
	free(facts);
}

void known_fact_release(struct known_fact *fact)
{
	free(fact->checks);
	*fact = (struct known_fact){0};
}

enum level known_fact_level(const struct known_fact *fact)
{
	enum level worst = LEVEL_OPERATIONAL;

	for (size_t i = 0; i < fact->count; i++)
		if (fact->checks[i].is.state == FACT_BAD && fact->checks[i].level > worst)
			worst = fact->checks[i].level;
	return worst;
}

char *known_fact_probe(const struct known_fact *fact)
{
	const char *name = fact->checks[0].check;

	for (size_t i = fact->count; i-- > 0;)
		if (fact->checks[i].is.state == FACT_BAD)
			name = fact->checks[i].check;
	return memory_bytes(name, strcspn(name, "/"));
}

void known_time_add(
	const char *word, int64_t time, int64_t now, const char *zone, struct buffer *out)
{
	char text[DATE_TEXT_MAX], today[DATE_TEXT_MAX];

	date_write_short(time, zone, text);
	date_write_short(now, zone, today);
	buffer_format(out, " %s %s", word,
		strncmp(text, today, SHORT_DAY) == 0 ? text + SHORT_DAY : text);
}

/* The place of the next check that is named, from i on; count: there is none. */
static size_t next_named(const struct known_fact *fact, size_t i)
{
	while (i < fact->count && fact->is.state == FACT_BAD &&
		fact->checks[i].is.state != FACT_BAD)
		i++;
	return i;
}

static bool fail_alike(const struct known_check *a, const struct known_check *b)
{
	return a->is.since == b->is.since && text_equal(a->word, b->word);
}

char *known_fact_words(const struct known_fact *fact, int64_t now, const char *zone)
{
	bool bad = fact->is.state == FACT_BAD;
	struct buffer out = {0};

	for (size_t i = next_named(fact, 0), next; i < fact->count; i = next) {
		const struct known_check *check = &fact->checks[i];

		next = next_named(fact, i + 1);
		buffer_text(&out, strchr(check->check, '/') + 1);
		if (bad && (next == fact->count || !fail_alike(check, &fact->checks[next]))) {
			buffer_format(
				&out, "%s%s", text_empty(check->word) ? "" : ": ", check->word);
			known_time_add("since", check->is.since, now, zone, &out);
			buffer_text(&out, next < fact->count ? "; " : "");
		} else if (next < fact->count) {
			buffer_text(&out, ", ");
		}
	}
	return buffer_take(&out);
}
