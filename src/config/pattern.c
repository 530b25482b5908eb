/* SPDX-License-Identifier: ISC */
#include "config/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

bool pattern_fits(const char *pattern, const char *id, const char *group, const char *name)
{
	char *whole;
	bool fits;

	if (text_matches(id, pattern, true) || text_matches(name, pattern, true))
		return true;
	if (text_empty(group))
		return false;
	whole = memory_format("%s/%s", group, name);
	fits = text_matches(whole, pattern, true);
	free(whole);
	return fits;
}

bool patterns_choose_meant(const struct text_list *patterns, const struct text_list *meant,
	const char *id, const char *group, const char *name)
{
	bool chosen = true;

	for (size_t i = 0; i < patterns->count; i++)
		if (patterns->list[i][0] != '!')
			chosen = false;
	for (size_t i = 0; i < patterns->count; i++) {
		bool leaves_out = patterns->list[i][0] == '!';
		const char *pattern = patterns->list[i] + leaves_out;

		if ((chosen && !leaves_out) ||
			!(text_list_has(meant, pattern) || pattern_fits(pattern, id, group, name)))
			continue;
		if (leaves_out)
			return false;
		chosen = true;
	}
	return chosen;
}

bool patterns_choose(
	const struct text_list *patterns, const char *id, const char *group, const char *name)
{
	const struct text_list none = {0};

	return patterns_choose_meant(patterns, &none, id, group, name);
}

bool patterns_choose_name(const struct text_list *patterns, const char *name)
{
	return patterns_choose(patterns, name, "", name);
}

bool pattern_is_wild(const char *text)
{
	return text[0] == '!' || strchr(text, '*') != NULL;
}
