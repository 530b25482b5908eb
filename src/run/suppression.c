/* SPDX-License-Identifier: ISC */
#include "run/suppression.h"

#include "config/config.h"
#include "config/pattern.h"
#include "store/silence.h"

bool suppression_holds(const struct config *config, const struct silences *silences,
	const char *page, int64_t now, struct suppression *suppression)
{
	const struct silence *silence = silences_find(silences, page, now);
	struct suppression found = {0};
	int64_t ends;

	if (silence != NULL)
		found = (struct suppression){silence->ends, silence->reason, true};
	for (size_t i = 0; i < config->maintenance_count; i++) {
		const struct maintenance_config *maintenance = &config->maintenance[i];

		if (patterns_choose_name(&maintenance->pages, page) &&
			window_holds(&maintenance->window, config->timezone, now, &ends) &&
			ends > found.until)
			found = (struct suppression){ends,
				maintenance->reason != NULL ? maintenance->reason : "", false};
	}
	if (suppression != NULL)
		*suppression = found;
	return found.until != 0;
}
