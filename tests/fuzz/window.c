/* SPDX-License-Identifier: ISC
 *
 * Windows of time as people write them, at any moment: one that holds ends later, and holds until
 * the second before its end. The first bytes are the moment, the window and its zone, the rest is a
 * text.
 */
#include "config/window.h"

#include "fuzz.h"

enum { DAY = 86400, WEEK = 7 * DAY };

static const char *const zones[] = {
	NULL, "UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"};

struct choice {
	int32_t now;
	uint16_t from, to;
	uint8_t days, zone;
};

static void check_text(const char *text, const char *zone, int64_t now)
{
	char again[16];
	int64_t time;
	int minutes;

	if (window_minutes_parse(text, &minutes)) {
		snprintf(again, sizeof again, "%02d:%02d", minutes / 60, minutes % 60);
		MUST(strcmp(again, text) == 0 && minutes <= WINDOW_DAY_MINUTES);
	}
	if (window_time_parse(text, zone, now, &time) && window_minutes_parse(text, &minutes))
		MUST(zone != NULL && time > now && time <= now + 3 * DAY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choice choice;
	const char *zone;
	int64_t until, again;
	char *text;

	if (size < sizeof choice)
		return 0;
	memcpy(&choice, data, sizeof choice);
	zone = zones[choice.zone % (sizeof zones / sizeof *zones)];
	text = fuzz_string(data + sizeof choice, size - sizeof choice);
	check_text(text, zone, choice.now);
	free(text);

	struct window list[] = {{.days = choice.days & WINDOW_ALL_DAYS,
					.from = choice.from % WINDOW_DAY_MINUTES,
					.to = choice.to % (WINDOW_DAY_MINUTES + 1)},
		{.days = WINDOW_ALL_DAYS & ~choice.days,
			.from = choice.to % WINDOW_DAY_MINUTES,
			.to = choice.from % (WINDOW_DAY_MINUTES + 1)}};
	struct windows windows = {list, sizeof list / sizeof *list};

	if (window_holds(&list[0], zone, choice.now, &until)) {
		MUST(until > choice.now && until - choice.now <= 3 * DAY);
		MUST(window_holds(&list[0], zone, until - 1, &again) && again >= until);
		MUST(windows_hold(&windows, zone, choice.now, &again) && again >= until);
	}
	if (windows_hold(&windows, zone, choice.now, &until)) {
		MUST(until > choice.now);
		MUST(until - choice.now >= WEEK || !windows_hold(&windows, zone, until, &again));
	}
	return 0;
}
