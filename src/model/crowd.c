/* SPDX-License-Identifier: ISC */
#include "model/crowd.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"

enum { DAY_SECONDS = 86400, MILLISECONDS = 1000 };

static bool counts(const struct incident *entry, const struct crowd_rule *rule, int64_t now)
{
	int64_t time;

	return text_equal(entry->word, CROWD_MATCH) && date_parse(entry->started, &time) &&
	       time <= now && time > now - rule->within / MILLISECONDS;
}

static int by_number(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

struct crowd_window crowd_count(
	const struct reading *entries, const struct crowd_rule *rule, int64_t now, int64_t *newest)
{
	struct crowd_window window = {.end = now};
	int64_t *times = memory_zero(entries->incident_count + 1, sizeof *times), time;
	size_t count = 0;

	for (size_t i = 0; i < entries->incident_count; i++) {
		window.count += counts(&entries->incidents[i], rule, now);
		if (date_parse(entries->incidents[i].started, &time) && time <= now)
			times[count++] = time;
	}
	qsort(times, count, sizeof *times, by_number);
	for (size_t i = 1; i < count; i++)
		if (times[i] - times[i - 1] > window.gap)
			window.gap = times[i] - times[i - 1];
	*newest = count > 0 ? times[count - 1] : 0;
	free(times);
	return window;
}

static bool is_near(int64_t one, int64_t other)
{
	int64_t apart = llabs(one - other) % DAY_SECONDS;

	return apart <= CROWD_NEAR_SECONDS || DAY_SECONDS - apart <= CROWD_NEAR_SECONDS;
}

bool crowd_usual(const struct crowd_windows *windows, int64_t now, int64_t *usual)
{
	int64_t *numbers = memory_zero(windows->count + 1, sizeof *numbers);
	bool seen[CROWD_HISTORY_SECONDS / DAY_SECONDS + 1] = {false};
	size_t found = 0, days = 0;

	for (size_t i = 0; i < windows->count; i++) {
		int64_t age = now - windows->list[i].end;
		size_t day;

		/* The windows of this hour are what is judged. */
		if (age <= CROWD_NEAR_SECONDS || age > CROWD_HISTORY_SECONDS ||
			!is_near(windows->list[i].end, now))
			continue;
		day = (size_t)((age + DAY_SECONDS / 2) / DAY_SECONDS);
		days += !seen[day];
		seen[day] = true;
		numbers[found++] = windows->list[i].count;
	}
	qsort(numbers, found, sizeof *numbers, by_number);
	*usual = numbers[found / 2];
	free(numbers);
	return days >= CROWD_DAYS_MIN;
}

static bool has_stopped(const struct crowd_rule *rule, const struct crowd_window *window,
	int64_t newest, const struct crowd_windows *windows)
{
	int64_t gap = window->gap, silence = window->end - newest;

	for (size_t i = 0; i < windows->count; i++)
		if (windows->list[i].gap > gap)
			gap = windows->list[i].gap;
	return newest == 0 || (silence > rule->within / MILLISECONDS && silence > 2 * gap);
}

enum crowd_state crowd_judge(const struct crowd_rule *rule, const struct crowd_window *window,
	int64_t newest, const struct crowd_windows *windows, bool loud, int64_t *usual)
{
	bool known = crowd_usual(windows, window->end, usual);
	int64_t many = rule->times * *usual > rule->least ? rule->times * *usual : rule->least;

	if (has_stopped(rule, window, newest, windows))
		return CROWD_STOPPED;
	if (!known)
		return CROWD_LEARNING;
	return window->count >= many || (loud && 2 * window->count >= many) ? CROWD_LOUD
									    : CROWD_QUIET;
}

/* ---- the reading ---- */

static const struct {
	enum level level;
	const char *word;
} states[] = {
	[CROWD_STOPPED] = {LEVEL_UNKNOWN, CROWD_WORD_STOPPED},
	[CROWD_LEARNING] = {LEVEL_UNKNOWN, CROWD_WORD_LEARNING},
	[CROWD_QUIET] = {LEVEL_OPERATIONAL, CROWD_WORD_QUIET},
	[CROWD_LOUD] = {LEVEL_DEGRADED, NULL},
};

static int newest_first(const void *a, const void *b)
{
	const struct incident *const *left = a, *const *right = b;
	int64_t one = 0, other = 0;

	date_parse((*left)->started, &one);
	date_parse((*right)->started, &other);
	return (one < other) - (one > other);
}

static void add_titles(const struct reading *entries, const struct crowd_rule *rule, int64_t now,
	const char *id, struct reading *out)
{
	const struct incident **list = memory_zero(entries->incident_count + 1, sizeof *list);
	size_t count = 0;

	for (size_t i = 0; i < entries->incident_count; i++)
		if (counts(&entries->incidents[i], rule, now))
			list[count++] = &entries->incidents[i];
	qsort(list, count, sizeof *list, newest_first);
	for (size_t i = 0; i < count && i < CROWD_TITLES_MAX; i++)
		*reading_add_update(out) =
			(struct update){memory_string(id), memory_string(list[i]->started),
				memory_string(""), memory_string(list[i]->title)};
	free(list);
}

static void add_incident(const struct reading *entries, const struct crowd_rule *rule, int64_t now,
	const char *words, struct reading *out)
{
	char time[DATE_TEXT_MAX], *id;

	date_write(now, time);
	id = memory_format("%s %s", CROWD_INDICATOR, time);
	*reading_add_incident(out) = (struct incident){memory_string(id), memory_string(words),
		LEVEL_DEGRADED, memory_string(""), memory_string(""), memory_string(time),
		memory_string(""), memory_string("")};
	*reading_add_affects(out) =
		(struct affects){memory_string(id), memory_string(CROWD_INDICATOR)};
	add_titles(entries, rule, now, id, out);
	free(id);
}

void crowd_write(enum crowd_state state, const struct reading *entries,
	const struct crowd_rule *rule, const struct crowd_window *window, int64_t usual,
	struct reading *out)
{
	char within[DATE_TEXT_MAX], *words;

	date_write_duration(rule->within / MILLISECONDS, within);
	words = memory_format("%lld entries within %s, usually %lld", (long long)window->count,
		within, (long long)usual);
	out->title = memory_string(entries->title);
	out->level = states[state].level;
	out->word = memory_string("");
	*reading_add_indicator(out) = (struct indicator){memory_string(CROWD_INDICATOR),
		memory_string(""), memory_string(CROWD_INDICATOR), states[state].level,
		memory_string(states[state].word != NULL ? states[state].word : words)};
	if (state == CROWD_LOUD)
		add_incident(entries, rule, window->end, words, out);
	free(words);
}
