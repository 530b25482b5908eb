/* SPDX-License-Identifier: ISC */
#include "publish/ledger.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"

enum { STEP = 600 };

/* Ten minutes a letter: '.' good, 'X' bad, '-' unknown. */
static struct stretches phases_of(const char *letters)
{
	struct stretches phases = {0};

	for (int64_t i = 0; letters[i] != '\0'; i++)
		phases_add(&phases, i * STEP, (i + 1) * STEP,
			letters[i] == 'X'   ? LEVEL_MAJOR_OUTAGE
			: letters[i] == '.' ? LEVEL_OPERATIONAL
					    : LEVEL_UNKNOWN);
	return phases;
}

static const char letter_of[] = {
	[LEVEL_OPERATIONAL] = '.', [LEVEL_MAJOR_OUTAGE] = 'X', [LEVEL_UNKNOWN] = '-'};

static void write_phases(const struct stretches *phases, struct buffer *out)
{
	for (size_t i = 0; i < phases->count; i++)
		for (int64_t at = phases->list[i].begin; at < phases->list[i].end; at += STEP)
			buffer_byte(out, letter_of[phases->list[i].level]);
}

static void write_lag(const struct lag *lag, struct buffer *out)
{
	static const char *const words[] = {"none", "", "never", "not yet", "open", "?"};

	if (lag->state == LAG_KNOWN)
		buffer_format(out, " %" PRId64, lag->seconds / STEP);
	else
		buffer_format(out, " %s", words[lag->state]);
}

/* Each incident as the numbers of its letters, lamp and fact, then both lags in letters. */
static void write_incidents(const struct ledger_incidents *incidents, struct buffer *out)
{
	for (size_t i = 0; i < incidents->count; i++) {
		const struct ledger_incident *incident = &incidents->list[i];
		const struct ledger_side *const sides[] = {&incident->lamp, &incident->fact};

		buffer_text(out, i > 0 ? "; " : "");
		for (size_t j = 0; j < 2; j++) {
			buffer_text(out, j > 0 ? " " : "");
			if (sides[j]->there)
				buffer_format(out, "%" PRId64 "-%" PRId64, sides[j]->begin / STEP,
					sides[j]->end / STEP);
			else
				buffer_text(out, "none");
		}
		buffer_text(out, ":");
		write_lag(&incident->began, out);
		write_lag(&incident->ended, out);
	}
}

static const struct {
	const char *what, *lamp, *fact, *incidents;
} pairs[] = {
	{"all is well", "..........", "..........", ""},
	{"the page follows late, both ways", "...XXXX...", ".XXX......", "3-7 1-4: 2 3"},
	{"the page is first, both ways", ".XXX......", "..XXX.....", "1-4 2-5: -1 -1"},
	{"the page never admits", "............", ".XX.........", "none 1-3: never none"},
	{"an hour has not passed yet", ".....", ".XX..", "none 1-3: not yet none"},
	{"it fails, and the page has not said so", "....", ".XXX", "none 1-4: not yet none"},
	{"the page never withdraws", "..XXXXXX", ".XX.....", "2-8 1-3: 1 not yet"},
	{"both go on", "..XX", ".XXX", "2-4 1-4: 1 open"},
	{"green while it still fails", "..XX....", ".XXXXXXX", "2-4 1-8: 1 open"},
	{"admitted when it was over", "......XX..", ".XX.......", "6-8 1-3: 5 5"},
	{"an hour after its end is its own", ".........XX.", ".XX.........", "9-11 1-3: 8 8"},
	{"more than an hour after it is not", "..........XX.", ".XX..........",
		"none 1-3: never none; 10-12 none: none none"},
	{"a lamp before the fact is another", ".XX......", "...XXX...",
		"1-3 none: none none; none 3-6: not yet none"},
	{"a fact that comes and goes is one", "..XXXXXX..", ".XX.XX.X..", "2-8 1-8: 1 0"},
	{"a lamp that comes and goes is one", "..XX.XX.X..", ".XXXXXXX...", "2-9 1-8: 1 1"},
	{"one of the lamp and one of the fact, twice", ".XX.................XX.",
		"XX................XXX..", "1-3 0-2: ? 1; 20-22 18-21: 2 1"},
	{"they chain", ".XXX...XXX..........", "..XXXXXX.X..........", "1-10 2-10: -1 0"},
	{"nobody saw the fact begin", "...XX..", ".-XX...", "3-5 2-4: ? 1"},
	{"nobody saw the fact end", "..XX...", ".XX-...", "2-4 1-3: 1 ?"},
	{"nobody saw the lamp turn", "..-XX..", ".XXX...", "3-5 1-4: ? 1"},
	{"a gap between bad and bad is part of it", "..XX-XX..", ".X-XX....", "2-7 1-5: 1 2"},
	{"the page was unseen while it failed", "..-..........", ".XXX.........",
		"none 1-4: ? none"},
	{"and in the hour after", "......-......", ".XXX.........", "none 1-4: ? none"},
	{"later does not matter", "............-", ".XX..........", "none 1-3: never none"},
	{"nobody measured while the page was red", "..XX..", "..-...", "2-4 none: ? ?"},
	{"there was nobody yet", "XX....", "......", "0-2 none: none none"},
	{"unseen until now: whether it goes on is unknown", "......", ".XX---",
		"none 1-3: not yet none"},
};

static void test_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct stretches lamp = phases_of(pairs[i].lamp), fact = phases_of(pairs[i].fact);
		struct ledger_incidents incidents = {0};
		struct buffer text = {0};

		ledger_incidents_take(
			&lamp, &fact, (int64_t)strlen(pairs[i].lamp) * STEP, &incidents);
		write_incidents(&incidents, &text);
		if (strcmp(buffer_string(&text), pairs[i].incidents) != 0)
			fail_msg("%s: %s", pairs[i].what, buffer_string(&text));
		buffer_release(&text);
		ledger_incidents_release(&incidents);
		stretches_release(&lamp);
		stretches_release(&fact);
	}
}

static const struct {
	const char *checks[3];
	size_t need;
	const char *fact;
	bool silent[3];
} needs[] = {
	{{"..XX..", "...XX.", "......"}, 1, "..XXX.", {false}},
	{{"..XX..", "...XX.", "......"}, 2, "...X..", {false}},
	{{"..XX..", "...XX.", "...X.."}, 3, "...X..", {false}},
	{{"..XX..", "------", "......"}, 1, "--XX--", {false}}, /* the one could be bad */
	{{"..XX..", "------", "......"}, 2, "..--..", {false}},
	{{"..XX..", "------", "......"}, 3, "......", {false}}, /* the third is not */
	{{"..XX..", "....XX", ""}, 1, "--XXXX", {false}},       /* what was never made is unknown */
	{{"..XX..", "---XX.", "......"}, 1, "..XXX.", {false, true}}, /* the others decide */
	{{"..XX..", "--XX--", "------"}, 1, "--XX--", {false, true}}, /* of whom one is unknown */
	{{"--X---", "---X--", "------"}, 1, "--XX--", {true, true, true}}, /* nobody is left */
};

static void test_so_many_checks_must_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		struct stretches checks[3], fact = {0};
		struct buffer text = {0};

		for (size_t j = 0; j < 3; j++)
			checks[j] = phases_of(needs[i].checks[j]);
		phases_of_checks(checks, needs[i].silent, 3, needs[i].need, &fact);
		write_phases(&fact, &text);
		assert_string_equal(buffer_string(&text), needs[i].fact);
		buffer_release(&text);
		stretches_release(&fact);
		for (size_t j = 0; j < 3; j++)
			stretches_release(&checks[j]);
	}
}

/* Levels as letters: u up, d degraded, R red, - unknown. */
static void test_what_is_bad_is_the_alarm_and_not_the_colour(void **state)
{
	static const char letters[] = "uRRuduR-RuuRu-";
	static const struct episode episodes[] = {{1 * STEP, 3 * STEP}, {6 * STEP, 10 * STEP}};
	struct stretch list[sizeof letters];
	struct stretches stretches = {list, strlen(letters)};
	struct stretches phases = {0};
	struct buffer text = {0};

	(void)state;
	for (size_t i = 0; i < stretches.count; i++)
		list[i] = (struct stretch){(int64_t)i * STEP, ((int64_t)i + 1) * STEP,
			letters[i] == 'u'   ? LEVEL_OPERATIONAL
			: letters[i] == 'd' ? LEVEL_DEGRADED
			: letters[i] == 'R' ? LEVEL_MAJOR_OUTAGE
					    : LEVEL_UNKNOWN};
	phases_of_episodes(&stretches, LEVEL_PARTIAL_OUTAGE, episodes, 2, &phases);
	write_phases(&phases, &text);
	/* green in an alarm is not green again yet; red without one was not confirmed */
	assert_string_equal(buffer_string(&text), ".XX...X-XX.-.-");
	buffer_release(&text);
	stretches_release(&phases);
}

static void test_figures(void **state)
{
	struct stretches lamp = phases_of(
				 ".XX..................XXX................X...............XX"),
			 fact = phases_of(
				 "X...................XXXX......XX........X...............X.");
	struct ledger_incidents incidents = {0};
	struct ledger_figures figures = {0};
	int64_t median, worst;

	(void)state;
	ledger_incidents_take(&lamp, &fact, 58 * STEP, &incidents);
	ledger_figures_add(&figures, &incidents);
	assert_int_equal(figures.count, 5);
	assert_int_equal(figures.alone, 0);
	assert_int_equal(figures.began.unknown, 1);
	assert_int_equal(figures.began.never, 1);
	assert_int_equal(figures.ended.not_yet, 1);
	assert_true(lag_median(&figures.began, &median));
	assert_int_equal(median, 0);
	assert_true(lag_worst(&figures.began, &worst));
	assert_int_equal(worst, STEP);
	assert_true(lag_median(&figures.ended, &median));
	assert_int_equal(median, 0);
	assert_true(lag_worst(&figures.ended, &worst));
	assert_int_equal(worst, 2 * STEP);
	ledger_figures_release(&figures);
	assert_false(lag_median(&figures.began, &median));
	assert_false(lag_worst(&figures.began, &worst));
	ledger_incidents_release(&incidents);
	stretches_release(&lamp);
	stretches_release(&fact);
}

static void test_early_and_late(void **state)
{
	struct stretches lamp = phases_of("...XXX--"), fact = phases_of("..XX..X.");
	struct comparisons comparisons = {0};
	struct buffer text = {0};

	(void)state;
	comparisons_take(&lamp, &fact, STEP, 8 * STEP, &comparisons);
	for (size_t i = 0; i < comparisons.count; i++)
		buffer_format(&text, "%s%" PRId64 "%s", i > 0 ? " " : "",
			comparisons.list[i].begin / STEP,
			comparison_early(&comparisons.list[i])         ? "e"
			: comparison_late(&comparisons.list[i], false) ? "l"
								       : "");
	assert_string_equal(buffer_string(&text), "1 2e 3 4l 6 7");
	for (size_t i = 0; i < comparisons.count; i++)
		assert_false(comparison_late(&comparisons.list[i], true));
	buffer_release(&text);
	comparisons_release(&comparisons);
	stretches_release(&lamp);
	stretches_release(&fact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_so_many_checks_must_fail),
		cmocka_unit_test(test_what_is_bad_is_the_alarm_and_not_the_colour),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_early_and_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
