/* SPDX-License-Identifier: ISC
 *
 * A database of which somebody, or the disk, has altered bytes, as the input's edits say: it is
 * opened and read, or it is said to be damaged; every word is one that there is, and a page that is
 * listed is found.
 */
#include "base/database.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "fuzz.h"
#include "run/schema.h"
#include "store/alarm.h"
#include "store/finding.h"
#include "store/history.h"
#include "store/meaning.h"
#include "store/silence.h"
#include "store/store.h"
#include "tell/hosts.h"
#include "tell/outbox.h"
#include "tell/pending_subscription.h"
#include "tell/subscribers.h"

enum { NOW = 1390590000, LOG_MAX = 100 };

/* A row or two of each table that something is decided by. */
static const char *const rows[] = {
	"INSERT INTO fact VALUES ('simulated', '1')",
	"INSERT INTO page (name, known, last_fetch, last_success, snapshot, folder, sums, head)"
	" VALUES ('one', 1, 1390590000, 1390590000, 1, '2014/01/a', 's', 'h'),"
	" ('three', 0, 1390590000, 0, 0, '', '', ''), ('two', 1, 1390590000, 0, 0, '', '', '')",
	"INSERT INTO validator VALUES ('one', 0, 'https://status.example.com/', '\"1\"', NULL, "
	"'b')",
	"INSERT INTO reading VALUES ('one', 'reading 1', 'x')",
	"INSERT INTO lamp (page, id, grouping, name, level, word, since, count, before, alarm, "
	"peak, ring)"
	" VALUES ('one', '', '', '', 'major_outage', 'critical', 1, 1, 'operational', 1,"
	" 'major_outage', '0110'), ('one', 'a', 'g', 'A', 'operational', 'up', 1, 1, 'notice', 0, "
	"'', '')",
	"INSERT INTO impact (page, indicator, count, level, title, known)"
	" VALUES ('one', 'a', 1, 'degraded', 'slow', 'x')",
	"INSERT INTO snapshot (page, sequence, time, folder, sums, line)"
	" VALUES ('one', 1, 1390590000, '2014/01/a', 's', 'snapshot\t1')",
	"INSERT INTO change (page, time, snapshot, type, item, name, before, after, text)"
	" VALUES ('one', 1390590000, 1, 'level', 'a', 'A', 'notice', 'operational', '')",
	"INSERT INTO event (page, time, type, indicator, label, before, after, text)"
	" VALUES ('one', 1390590000, 'red', '', 'Test', 'operational', 'major_outage', '')",
	"INSERT INTO alarm (page, kind, indicator, opened) VALUES ('one', 'red', '', 1390590000)",
	"INSERT INTO silence (page, begins, ends, reason) VALUES ('one', 1, 2390590000, 'work')",
	"INSERT INTO finding VALUES ('one', 'drift', 'a', 'A has moved', 1, 1)",
	"INSERT INTO meaning VALUES ('one', 'a*', 'b')",
	"INSERT INTO gap VALUES ('one', 1, 2)",
	"INSERT INTO content VALUES (1, 1, 'bytes', '{\"events\": []}')",
	"INSERT INTO delivery (receiver, page, created, message_id, state, next_try, content)"
	" VALUES ('mail:a@example.org', 'one', 1, '<1@x>', 'pending', 1, 1),"
	" ('webhook:hook', 'one', 1, '<2@x>', 'dead', 1, 1)",
	"INSERT INTO owed VALUES (1, 1, 'red')",
	"INSERT INTO host VALUES ('mail', 'example.org', 'found', '', 1, 1)",
	"INSERT INTO host_record VALUES ('mail', 'example.org', 0, 'MX', 10, 'example.org', "
	"'mx.example.org')",
	"INSERT INTO subscriber VALUES ('a@example.org', NULL, 'one', '', 'degraded', 1, 'active', "
	"1, 1, '')",
	"INSERT INTO question (mail, pages, asked) VALUES ('b@example.org', 'one', 1)",
};

static uint8_t *make(const char *path, size_t *size)
{
	struct error error = {0};
	struct database *database = database_open(path, schema, false, &error);

	MUST(database != NULL);
	database_begin(database);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		database_do(database, rows[i], "");
	MUST(database_commit(database, &error));
	database_close(database);
	return fuzz_read(path, size);
}

static bool is_level(enum level level)
{
	return level >= LEVEL_OPERATIONAL && level < LEVEL_COUNT;
}

static void read_page(struct database *database, struct page_state *state)
{
	struct alarms alarms = {0};
	struct snapshot_row row = {0};

	store_load(database, state);
	for (size_t i = 0; i < state->indicators.count; i++) {
		const struct indicator_state *indicator = &state->indicators.list[i];

		MUST(is_level(indicator->level) && is_level(indicator->before) &&
			is_level(indicator->peak));
		MUST(indicator->id != NULL && indicator->group != NULL && indicator->name != NULL);
	}
	for (size_t i = 0; i < state->impacts.count; i++)
		MUST(is_level(state->impacts.list[i].level));
	alarms_load(database, state->name, &alarms);
	alarms_find(&alarms, "");
	if (store_snapshot_at(database, state->name, NOW, &row))
		MUST(row.folder != NULL && row.sums != NULL && row.line != NULL);
	snapshot_row_release(&row);
	alarms_release(&alarms);
	store_reading_whole(database, state->name);
}

static void read_pages(struct database *database)
{
	struct page_states states = {0};
	bool good = store_pages(database, &states);

	for (size_t i = 0; i < states.count; i++) {
		read_page(database, &states.list[i]);
		MUST(!good || page_states_find(&states, states.list[i].name) == &states.list[i]);
	}
	page_states_release(&states);
}

static void read_others(struct database *database)
{
	struct log_entries entries = {0};
	struct silences silences = {0};
	struct findings findings = {0};
	struct meanings meanings = {0};
	struct hosts hosts = {0};
	struct subscribers subscribers = {0};
	struct pending_subscriptions pending = {0};

	store_log(database, NULL, 0, LOG_MAX, &entries);
	silences_load(database, NOW, &silences);
	silences_find(&silences, "one", NOW);
	findings_load(database, "one", "drift", false, &findings);
	meanings_load(database, &meanings);
	hosts_load(database, &hosts);
	for (size_t i = 0; i < hosts.count; i++) {
		MUST(hosts.list[i].role <= HOST_DOMAIN && hosts.list[i].status <= DNS_SILENT);
		for (size_t j = 0; j < hosts.list[i].count; j++)
			MUST(hosts.list[i].records[j].type <= DNS_CNAME);
	}
	hosts_find(&hosts, HOST_DOMAIN, "example.org");
	subscribers_load(database, &subscribers);
	for (size_t i = 0; i < subscribers.count; i++)
		MUST(subscribers.list[i].state < SUBSCRIBER_STATES);
	subscribers_find(&subscribers, "a@example.org");
	pending_subscriptions_load(database, &pending);
	log_entries_release(&entries);
	silences_release(&silences);
	findings_release(&findings);
	meanings_release(&meanings);
	hosts_release(&hosts);
	subscribers_release(&subscribers);
	pending_subscriptions_release(&pending);
}

static void read_outbox(struct database *database)
{
	struct deliveries deliveries = {0};
	struct owed_list owed = {0};
	struct due *due = NULL;
	size_t count = 0;

	outbox_list(database, true, &deliveries);
	for (size_t i = 0; i < deliveries.count; i++) {
		struct content content = {0};

		MUST(deliveries.list[i].receiver != NULL && deliveries.list[i].message_id != NULL);
		outbox_content(database, deliveries.list[i].content, &content);
		content_release(&content);
	}
	outbox_due(database, NOW, &due, &count);
	outbox_due_release(due, count);
	outbox_pending(database, 1, &owed);
	outbox_pending_release(&owed);
	deliveries_release(&deliveries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *path;
	static uint8_t *kept;
	static size_t kept_size;
	struct error error = {0};
	struct database *database;
	uint8_t *edited;
	size_t length;

	if (path == NULL) {
		path = memory_format("%s/database", fuzz_folder());
		kept = make(path, &kept_size);
	}
	database_remove(path);
	edited = fuzz_edited(kept, kept_size, data, size, &length);
	fuzz_write(path, edited, length);
	database = database_open(path, schema, false, &error);
	if (database != NULL) {
		read_pages(database);
		read_others(database);
		read_outbox(database);
		MUST(database_good(database, &error) || error.remedy == REMEDY_LOCAL);
	} else {
		MUST(error.remedy == REMEDY_LOCAL && error.text[0] != '\0');
	}
	database_close(database);
	free(edited);
	return 0;
}
