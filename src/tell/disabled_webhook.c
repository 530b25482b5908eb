/* SPDX-License-Identifier: ISC */
#include "tell/disabled_webhook.h"

#include <stdlib.h>

#include "base/database.h"
#include "config/config.h"

const struct schema_step disabled_schema[] = {
	{9, "CREATE TABLE disabled (webhook TEXT PRIMARY KEY, target TEXT NOT NULL,"
	    " since INTEGER,  reason TEXT NOT NULL) WITHOUT ROWID;"},
	{0},
};

static const struct column columns[] = {
	COLUMN("since", struct disabled, since, COLUMN_INTEGER),
	COLUMN("reason", struct disabled, reason, COLUMN_TEXT),
	{0},
};

void disabled_add(struct database *database, const struct webhook_config *webhook,
	const char *reason, int64_t now)
{
	database_do(database, "INSERT OR REPLACE INTO disabled VALUES (?, ?, ?, ?)", "ttit",
		webhook->name, webhook->target, now, reason);
}

bool disabled_find(
	struct database *database, const struct webhook_config *webhook, struct disabled *disabled)
{
	return row_take(
		database_query(database, "SELECT * FROM disabled WHERE webhook = ? AND target = ?",
			"*tt", columns, webhook->name, webhook->target),
		disabled);
}

void disabled_release(struct disabled *disabled)
{
	free(disabled->reason);
	*disabled = (struct disabled){0};
}

int64_t disabled_lift(struct database *database, int64_t delivery)
{
	database_do(database,
		"DELETE FROM disabled WHERE ?1 = 0 OR 'webhook:' || webhook ="
		" (SELECT receiver FROM delivery WHERE id = ?1)",
		"i", delivery);
	return database_changed(database);
}
