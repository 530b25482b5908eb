/* SPDX-License-Identifier: ISC */
#include "run/suppression.h"

#include "config/config.h"
#include "config/pattern.h"
#include "store/silence.h"

bool mute_holds(const struct config *config, const struct silences *silences, const char *page,
	int64_t now, struct mute *mute)
{
	const struct silence *silence = silences_find(silences, page, now);
	struct mute found = {0};
	int64_t ends;

	if (silence != NULL)
		found = (struct mute){silence->ends, silence->reason, true};
	for (size_t i = 0; i < config->maintenance_count; i++) {
		const struct maintenance_config *maintenance = &config->maintenance[i];

		if (patterns_choose_name(&maintenance->pages, page) &&
			window_holds(&maintenance->window, config->timezone, now, &ends) &&
			ends > found.until)
			found = (struct mute){ends,
				maintenance->reason != NULL ? maintenance->reason : "", false};
	}
	if (mute != NULL)
		*mute = found;
	return found.until != 0;
}
