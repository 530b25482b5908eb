/* SPDX-License-Identifier: ISC
 *
 * The patterns by which a configuration chooses indicators and pages: '*'
 * stands for any text, a leading '!' leaves out, the case of ASCII letters does not
 * count. Pure.
 */
#ifndef LAMPWATCH_PATTERN_H
#define LAMPWATCH_PATTERN_H

#include <stdbool.h>

struct text_list;

/* True where one pattern, without its '!', fits the indicator's id, its name or "group / name". */
bool pattern_fits(const char *pattern, const char *id, const char *group, const char *name);

/*
 * True where the patterns choose the indicator: one without '!' fits its id, its name or
 * "group / name" (or there is none without), and none with '!' does. No patterns: all.
 */
bool patterns_choose(
	const struct text_list *patterns, const char *id, const char *group, const char *name);

/* The same where some patterns have come to mean the indicator, whether they fit it or not. */
bool patterns_choose_meant(const struct text_list *patterns, const struct text_list *meant,
	const char *id, const char *group, const char *name);

/* The same for something that has one name only. */
bool patterns_choose_name(const struct text_list *patterns, const char *name);

/* True where the text is a pattern and no plain name. */
bool pattern_is_wild(const char *text);

#endif
