/* SPDX-License-Identifier: ISC
 *
 * A ledger as values, for JSON and for the templates. Pure.
 */
#ifndef LAMPWATCH_LEDGER_VALUE_H
#define LAMPWATCH_LEDGER_VALUE_H

#include "base/date.h"
#include "publish/ledger.h"

struct config;
struct ledger;
struct value;

enum { LAG_TEXT_MAX = DATE_TEXT_MAX + 16 };

/* "18 min later", "2 min before", "at once", "never", "not yet", "still failing", "not known"; ""
 * where there is nothing to compare with. */
void lag_write(const struct lag *lag, char out[static LAG_TEXT_MAX]);

/* "18 min", "-2 min". */
void lag_write_seconds(int64_t seconds, char out[static LAG_TEXT_MAX]);

/* "known", "never" …: a state for programs. */
const char *lag_state_name(enum lag_state state);

/*
 * A map: provider, figures, indicators: a list of maps with page, id, label, figures, incidents
 * (the newest first). An incident has fact and lamp (maps: there, begin, end, begun, ended, open),
 * said, began and ended (maps: state, seconds, words). Figures have count, alone, began and ended
 * (maps: median, worst, known, never, not_yet, unknown). Times as of report_page_value(), and
 * under NAME_short. Owned by
 * the caller.
 */
struct value *ledger_value(const struct ledger *ledger, const struct config *config);

#endif
