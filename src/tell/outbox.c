/* SPDX-License-Identifier: ISC */
#include "tell/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

const struct schema_step outbox_schema[] = {
	{1, "CREATE TABLE delivery (  id INTEGER PRIMARY KEY, receiver TEXT NOT NULL,"
	    " page TEXT NOT NULL, created INTEGER, message_id TEXT,  bytes BLOB, data TEXT,"
	    " state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, next_try INTEGER,"
	    "  tried INTEGER,  perhaps INTEGER NOT NULL DEFAULT 0, route TEXT, code INTEGER,"
	    " reason TEXT, ended INTEGER,  second INTEGER NOT NULL DEFAULT 0);"
	    "CREATE INDEX delivery_owed ON delivery (state, next_try) WHERE state IN ('pending',"
	    " 'sending');"
	    "CREATE INDEX delivery_turn ON delivery (receiver, page,"
	    " id) WHERE state IN ('pending', 'sending');"
	    "CREATE TABLE owed (delivery INTEGER, alarm INTEGER, type TEXT, PRIMARY KEY (alarm,"
	    " delivery, type))  WITHOUT ROWID;"
	    "CREATE INDEX owed_delivery ON owed (delivery);"},
	/* what is held back and joined */
	{3, "ALTER TABLE delivery ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE delivery ADD COLUMN held_for TEXT;"
	    "ALTER TABLE delivery ADD COLUMN otherwise TEXT;"
	    "ALTER TABLE delivery ADD COLUMN run INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE delivery ADD COLUMN gather INTEGER NOT NULL DEFAULT 0;"
	    "CREATE INDEX delivery_run ON delivery (run, receiver);"},
	{4, "ALTER TABLE delivery ADD COLUMN sender TEXT;"},
	/* how far a series of requests got */
	{9, "ALTER TABLE delivery ADD COLUMN posted INTEGER NOT NULL DEFAULT 0;"},
	/*
	 * What is said is kept once for all who are owed it, and no longer written with each step
	 * of each delivery. What was made before is whole, under its delivery's number, which is
	 * also what its rows of owed say. What is owed has not ended: that changes once for a
	 * delivery, its state twice and more.
	 */
	{10, "CREATE TABLE content (id INTEGER PRIMARY KEY, whole INTEGER NOT NULL, bytes BLOB,"
	     "  data TEXT);"
	     "CREATE INDEX content_kept ON content (id) WHERE bytes IS NOT NULL;"
	     "INSERT INTO content SELECT id, 1, bytes,"
	     " CASE WHEN bytes IS NOT NULL THEN data END  FROM delivery;"
	     "ALTER TABLE delivery ADD COLUMN content INTEGER NOT NULL DEFAULT 0;"
	     "ALTER TABLE delivery ADD COLUMN in_reply_to TEXT;"
	     "ALTER TABLE delivery ADD COLUMN unsubscribe TEXT;"
	     "UPDATE delivery SET content = id;"
	     "CREATE INDEX delivery_content ON delivery (content);"
	     "ALTER TABLE delivery DROP COLUMN bytes;"
	     "ALTER TABLE delivery DROP COLUMN data;"
	     "ALTER TABLE owed RENAME COLUMN delivery TO content;"
	     "DROP INDEX owed_delivery;"
	     "CREATE INDEX owed_content ON owed (content);"
	     "DROP INDEX delivery_owed;"
	     "DROP INDEX delivery_turn;"
	     "CREATE INDEX delivery_owed ON delivery (ended) WHERE ended IS NULL;"
	     "CREATE INDEX delivery_turn ON delivery (receiver, page, id) WHERE ended IS NULL;"
	     "CREATE INDEX delivery_dead ON delivery (id) WHERE state = 'dead';"},
	{0},
};

enum { DELIVERY_NEW = 11 }; /* the first of the columns that a new one has; others have defaults */

static const struct column columns[] = {
	COLUMN("id", struct delivery, id, COLUMN_INTEGER),
	COLUMN("page", struct delivery, page, COLUMN_TEXT),
	COLUMN("state", struct delivery, state, COLUMN_TEXT),
	COLUMN("tries", struct delivery, tries, COLUMN_INTEGER),
	COLUMN("perhaps", struct delivery, perhaps, COLUMN_INTEGER),
	COLUMN("posted", struct delivery, posted, COLUMN_INTEGER),
	COLUMN("second", struct delivery, second, COLUMN_BOOLEAN),
	COLUMN("route", struct delivery, route, COLUMN_TEXT),
	COLUMN("code", struct delivery, code, COLUMN_INTEGER),
	COLUMN("reason", struct delivery, reason, COLUMN_TEXT),
	COLUMN("ended", struct delivery, ended, COLUMN_INTEGER),
	COLUMN("receiver", struct delivery, receiver, COLUMN_TEXT),
	COLUMN("message_id", struct delivery, message_id, COLUMN_TEXT),
	COLUMN("in_reply_to", struct delivery, in_reply_to, COLUMN_OPTIONAL),
	COLUMN("unsubscribe", struct delivery, unsubscribe, COLUMN_OPTIONAL),
	COLUMN("content", struct delivery, content, COLUMN_INTEGER),
	COLUMN("created", struct delivery, created, COLUMN_INTEGER),
	COLUMN("next_try", struct delivery, next_try, COLUMN_INTEGER),
	COLUMN("held_until", struct delivery, held_until, COLUMN_INTEGER),
	COLUMN("held_for", struct delivery, held_for, COLUMN_OPTIONAL),
	COLUMN("otherwise", struct delivery, otherwise, COLUMN_OPTIONAL),
	COLUMN("gather", struct delivery, for_digest, COLUMN_BOOLEAN),
	COLUMN("sender", struct delivery, sender, COLUMN_OPTIONAL),
	{0},
};

static const struct column due_columns[] = {
	COLUMN("id", struct due, id, COLUMN_INTEGER),
	COLUMN("receiver", struct due, receiver, COLUMN_TEXT),
	{0},
};

static const struct column delay_columns[] = {
	COLUMN("route", struct outbox_delay, way, COLUMN_TEXT),
	COLUMN("count(*)", struct outbox_delay, count, COLUMN_INTEGER),
	COLUMN("min(created)", struct outbox_delay, since, COLUMN_INTEGER),
	COLUMN("reason", struct outbox_delay, reason, COLUMN_TEXT),
	{0},
};

static void take_deliveries(struct statement *rows, struct deliveries *deliveries)
{
	rows_take(rows, &deliveries->list, &deliveries->count, sizeof *deliveries->list);
}

void deliveries_release(struct deliveries *deliveries)
{
	for (size_t i = 0; i < deliveries->count; i++)
		row_release(columns, &deliveries->list[i]);
	free(deliveries->list);
	*deliveries = (struct deliveries){0};
}

const struct content *contents_find(const struct contents *contents, int64_t id)
{
	for (size_t i = 0; i < contents->count; i++)
		if (contents->list[i].id == id)
			return &contents->list[i];
	return NULL;
}

void contents_release(struct contents *contents)
{
	for (size_t i = 0; i < contents->count; i++)
		content_release(&contents->list[i]);
	free(contents->list);
	*contents = (struct contents){0};
}

struct content_copy delivery_copy(const struct config *config, const struct delivery *delivery)
{
	return (struct content_copy){delivery->receiver, delivery->message_id,
		delivery->in_reply_to, delivery->unsubscribe, message_one_click(config)};
}

/* ---- what is said ---- */

int64_t outbox_keep(
	struct database *database, const struct content_plan *plan, const struct content *content)
{
	struct buffer data = {0};
	int64_t id;

	json_write(plan->data, 0, &data);
	database_do(database, "INSERT INTO content (whole, bytes, data) VALUES (?, ?, ?)", "ibt",
		(int64_t)(content != NULL && content->whole),
		content != NULL ? content->bytes : "", /* NULL is what is forgotten */
		content != NULL ? content->length : (size_t)0, buffer_string(&data));
	id = database_last_row(database);
	for (size_t i = 0; i < plan->alarm_count; i++)
		database_do(database, "INSERT OR IGNORE INTO owed VALUES (?, ?, ?)", "iit", id,
			plan->alarms[i].alarm, event_type_name(plan->alarms[i].type));
	buffer_release(&data);
	return id;
}

void outbox_complete(struct database *database, int64_t id, const struct content *content)
{
	database_do(database, "UPDATE content SET whole = ?, bytes = ? WHERE id = ?", "ibi",
		(int64_t)content->whole, content->bytes, content->length, id);
}

void outbox_content(struct database *database, int64_t id, struct content *content)
{
	struct statement *row = database_query(database,
		"SELECT whole, bytes, json_extract(known, '$.first.type'),"
		" json_extract(known, '$.headline.colour') FROM (SELECT whole, bytes,"
		" iif(whole AND json_valid(data), data, '{}') AS known FROM content WHERE id = ?)",
		"i", id);

	*content = (struct content){.id = id};
	if (statement_row(row) && !statement_null(row, 1)) {
		const void *bytes = statement_blob(row, 1, &content->length);

		content->whole = statement_integer(row, 0);
		content->bytes = memory_bytes(bytes, content->length);
		content_name(content, statement_text(row, 2), statement_text(row, 3));
	}
	statement_end(row);
}

struct value *outbox_data(struct database *database, int64_t id)
{
	struct statement *row =
		database_query(database, "SELECT data FROM content WHERE id = ?", "i", id);
	const char *text = statement_row(row) ? statement_text(row, 0) : "";
	struct value *data = json_parse(text, strlen(text), NULL);

	statement_end(row);
	return data;
}

void outbox_forget(struct database *database)
{
	database_begin(database);
	database_do(database,
		"UPDATE content SET bytes = NULL, data = NULL WHERE bytes IS NOT NULL AND NOT"
		" EXISTS (SELECT 1 FROM delivery WHERE content = content.id"
		" AND state IN ('pending', 'sending', 'dead'))",
		"");
	database_commit(database, NULL);
}

/* ---- who is owed it ---- */

void outbox_add(struct database *database, const char *page, const struct delivery_plan *plan,
	int64_t content, int64_t now)
{
	const struct delivery new = {.receiver = plan->receiver,
		.message_id = plan->message_id,
		.in_reply_to = plan->in_reply_to,
		.unsubscribe = plan->unsubscribe,
		.content = content,
		.created = now,
		.next_try = now,
		.held_until = plan->held_until,
		.held_for = plan->held_for,
		.otherwise = plan->otherwise,
		.for_digest = plan->for_digest,
		.sender = plan->sender};

	for (size_t i = 0; i < plan->merged_count; i++)
		database_do(database,
			"UPDATE delivery SET state = 'merged', ended = ? WHERE id = ?"
			" AND state IN ('pending', 'dead')",
			"ii", now, plan->merged[i]);
	database_do(database,
		"INSERT INTO delivery (page, run, state, *) VALUES (?, ?, 'pending', *)", "rti",
		columns + DELIVERY_NEW, &new, page, now);
}

/* Parsed once for all who were to get it: the one before mostly was one of them. */
static const struct value *pending_data(
	struct database *database, int64_t content, struct owed_list *owed)
{
	struct pending_data *one;

	for (size_t i = owed->content_count; i-- > 0;)
		if (owed->contents[i].content == content)
			return owed->contents[i].data;
	one = memory_append(&owed->contents, &owed->content_count, sizeof *one);
	*one = (struct pending_data){content, outbox_data(database, content)};
	return one->data;
}

static const char *keep_text(struct owed_list *owed, const char *text)
{
	text_list_add(&owed->texts, text);
	return owed->texts.list[owed->texts.count - 1];
}

/*
 * The newest delivery that carries the beginning of the alarm stands for the
 * receiver: one that was merged into another is not it.
 */
void outbox_pending(struct database *database, int64_t alarm, struct owed_list *owed)
{
	struct statement *row = database_query(database,
		"SELECT d.receiver, d.message_id, d.id, d.state, d.perhaps, d.content, o.type,"
		" ifnull(d.in_reply_to, '')"
		" FROM owed o JOIN delivery d ON d.content = o.content"
		" WHERE o.alarm = ? AND d.state != 'merged' ORDER BY d.id",
		"i", alarm);

	while (statement_row(row)) {
		const char *state = statement_text(row, 3);
		bool waits = text_equal(state, "pending") || text_equal(state, "dead");
		enum event_type type;
		struct owed *one;

		if (!event_type_parse(statement_text(row, 6), &type) ||
			event_types[type].part != PART_BEGIN)
			continue;
		one = memory_append(&owed->list, &owed->count, sizeof *owed->list);
		one->alarm = alarm;
		one->receiver = keep_text(owed, statement_text(row, 0));
		one->message_id = keep_text(owed, statement_text(row, 1));
		if (!text_empty(statement_text(row, 7)))
			one->in_reply_to = keep_text(owed, statement_text(row, 7));
		one->delivery = statement_integer(row, 2);
		one->dropped = text_equal(state, "dropped");
		one->out = !waits || statement_integer(row, 4) != 0;
		if (!one->out)
			one->data = pending_data(database, statement_integer(row, 5), owed);
	}
	statement_end(row);
}

bool outbox_owed(struct database *database, int64_t alarm)
{
	return statement_number(database_query(
		       database, "SELECT 1 FROM owed WHERE alarm = ? LIMIT 1", "i", alarm)) != 0;
}

bool outbox_told(struct database *database, const char *receiver, int64_t run)
{
	return statement_number(database_query(database,
		       "SELECT 1 FROM delivery WHERE run = ? AND receiver = ? LIMIT 1", "it", run,
		       receiver)) != 0;
}

void outbox_alarms(struct database *database, int64_t content, struct content_plan *plan)
{
	struct statement *row = database_query(
		database, "SELECT alarm, type FROM owed WHERE content = ?", "i", content);

	while (statement_row(row)) {
		struct owed_alarm *alarm =
			memory_append(&plan->alarms, &plan->alarm_count, sizeof *plan->alarms);

		alarm->alarm = statement_integer(row, 0);
		event_type_parse(statement_text(row, 1), &alarm->type);
	}
	statement_end(row);
}

void outbox_pending_release(struct owed_list *owed)
{
	for (size_t i = 0; i < owed->content_count; i++)
		value_free(owed->contents[i].data);
	text_list_release(&owed->texts);
	free(owed->contents);
	free(owed->list);
	*owed = (struct owed_list){0};
}

/* Pending or sending, as the indexes over what is still owed say it. */
#define OWED "ended IS NULL"

/* Not held back, and not waiting to be joined with others. */
#define FREE "gather = 0 AND held_until = 0 AND held_for IS NULL"

/* Waits for the end of the run, or was held until a time that has come. Parameter 1: now. */
#define GATHERED                                                                                   \
	OWED " AND state = 'pending' AND ((gather != 0 AND held_until = 0)"                        \
	     " OR (held_until > 0 AND held_until <= ?1))"

/* What was written after now was written before the clock went back: its pauses mean nothing. */
#define DUE "(next_try <= ?1 OR created > ?1 OR tried > ?1)"

/*
 * What d has to wait for: found by its receiver, not in all that is owed to anybody. A message that
 * nobody takes holds up what is about the same page, and nothing else.
 */
#define BEFORE                                                                                     \
	"SELECT 1 FROM delivery e INDEXED BY delivery_turn WHERE e.receiver = d.receiver"          \
	" AND e.id < d.id AND e.ended IS NULL AND (e.state = 'sending' OR"                         \
	" (e.gather = 0 AND e.held_until = 0 AND e.held_for IS NULL)) AND CASE"                    \
	" WHEN e.page = d.page AND d.page != '' THEN 1"                                            \
	" WHEN e.page != '' AND d.page != '' THEN 0"                                               \
	" ELSE EXISTS (SELECT 1 FROM owed p JOIN alarm ON alarm.id = p.alarm JOIN owed q JOIN"     \
	" alarm other ON other.id = q.alarm WHERE p.content = e.content"                           \
	" AND q.content = d.content AND alarm.page = other.page) END"

void outbox_due(struct database *database, int64_t now, struct due **due, size_t *count)
{
	*due = NULL;
	*count = 0;
	rows_take(database_query(database,
			  "SELECT * FROM delivery d WHERE " OWED " AND state = 'pending' AND " FREE
			  " AND " DUE " AND NOT EXISTS (" BEFORE ") ORDER BY id",
			  "*i", due_columns, now),
		due, count, sizeof **due);
}

void outbox_digest_waiting(
	struct database *database, int64_t now, int64_t run, struct text_list *receivers)
{
	statement_texts(
		database_query(database,
			"SELECT DISTINCT receiver FROM delivery d WHERE " GATHERED
			" AND (?2 = 0 OR NOT EXISTS (SELECT 1 FROM delivery e WHERE e.run = ?2 AND"
			" e.receiver = d.receiver AND e.gather = 0 AND e.state != 'merged'))",
			"ii", now, run),
		receivers);
}

void outbox_digested(
	struct database *database, const char *receiver, int64_t now, struct deliveries *deliveries)
{
	take_deliveries(database_query(database,
				"SELECT * FROM delivery INDEXED BY delivery_turn WHERE " GATHERED
				" AND receiver = ?2 AND held_for IS NULL ORDER BY id",
				"*it", columns, now, receiver),
		deliveries);
}

void outbox_incomplete(
	struct database *database, const char *receiver, int64_t now, struct deliveries *deliveries)
{
	take_deliveries(database_query(database,
				"SELECT * FROM delivery INDEXED BY delivery_turn WHERE " GATHERED
				" AND receiver = ?2 AND EXISTS (SELECT 1 FROM content WHERE"
				" content.id = delivery.content AND length(content.bytes) = 0)"
				" GROUP BY content",
				"*it", columns, now, receiver),
		deliveries);
}

void outbox_release(struct database *database, const char *receiver, int64_t now)
{
	database_do(database,
		"UPDATE delivery INDEXED BY delivery_turn SET gather = 0, held_until = 0,"
		" next_try = ?1, created = CASE WHEN held_until > 0 THEN ?1 ELSE created END"
		" WHERE " GATHERED " AND receiver = ?2",
		"it", now, receiver);
}

void outbox_held(struct database *database, struct text_list *providers)
{
	statement_texts(database_query(database,
				"SELECT DISTINCT held_for FROM delivery WHERE " OWED
				" AND held_for IS NOT NULL",
				""),
		providers);
}

bool outbox_unhold(struct database *database, const char *provider, int64_t before, int64_t now)
{
	database_do(database,
		"UPDATE delivery SET held_for = NULL, otherwise = NULL, next_try = ?3 WHERE " OWED
		" AND held_for = ?1 AND (created <= ?2 OR created > ?3)",
		"tii", provider, before, now);
	return database_changed(database) > 0;
}

void outbox_due_release(struct due *due, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(due[i].receiver);
	free(due);
}

bool outbox_get(struct database *database, int64_t id, struct delivery *delivery)
{
	return row_take(
		database_query(database, "SELECT * FROM delivery WHERE id = ?", "*i", columns, id),
		delivery);
}

void outbox_take_up(struct database *database)
{
	database_begin(database);
	database_do(database,
		"UPDATE delivery SET state = 'pending', perhaps = perhaps + 1, next_try = created"
		" WHERE " OWED " AND state = 'sending'",
		"");
	database_commit(database, NULL);
}

bool outbox_sending(struct database *database, int64_t id, const char *route, int64_t now)
{
	database_do(database,
		"UPDATE delivery SET state = 'sending', route = ?, tries = tries + 1, tried = ?"
		" WHERE id = ? AND state = 'pending'",
		"tii", route, now, id);
	return !database_failed(database) && database_changed(database) > 0;
}

void outbox_untried(struct database *database, int64_t id)
{
	database_do(database,
		"UPDATE delivery SET state = 'pending', tries = tries - 1 WHERE id = ?"
		" AND state = 'sending'",
		"i", id);
}

static int64_t is_unknown(const struct attempt *attempt)
{
	return attempt->outcome == OUTCOME_UNKNOWN;
}

void outbox_note(
	struct database *database, int64_t id, const char *route, const struct attempt *attempt)
{
	database_do(database,
		"UPDATE delivery SET state = 'pending', route = ?, code = ?, reason = ?,"
		" perhaps = perhaps + ?, posted = max(posted, ?) WHERE id = ?",
		"titiii", route, (int64_t)attempt->code, attempt->text, is_unknown(attempt),
		(int64_t)attempt->posted, id);
}

void outbox_delivered(struct database *database, int64_t id, const char *route,
	const struct attempt *attempt, int64_t now)
{
	database_do(database,
		"UPDATE delivery SET state = 'delivered', route = ?, code = ?, reason = ?, "
		"ended = ? WHERE id = ?",
		"titii", route, (int64_t)attempt->code, attempt->text, now, id);
}

void outbox_accepted(struct database *database, const char *message_id, int64_t now)
{
	database_do(database,
		"UPDATE delivery SET state = 'delivered', ended = ?"
		" WHERE ended IS NULL AND message_id = ?",
		"it", now, message_id);
}

bool outbox_expired(const struct delivery *delivery, const struct attempt *attempt, int64_t now)
{
	if (is_unknown(attempt) && delivery->perhaps + 1 >= OUTBOX_PERHAPS_MAX &&
		now - delivery->created > OUTBOX_PERHAPS_AFTER)
		return true;
	return now - delivery->created > OUTBOX_DEAD_AFTER &&
	       delivery->tries + 1 >= OUTBOX_DEAD_TRIES;
}

/*
 * The pause doubles from OUTBOX_FIRST_RETRY to OUTBOX_LAST_RETRY; what may have arrived is repeated
 * ever more rarely, and a receiver that asks for more gets it, both up to an hour.
 */
void outbox_failed(struct database *database, const struct delivery *delivery, const char *route,
	const struct attempt *attempt, int64_t now)
{
	int64_t pause = OUTBOX_FIRST_RETRY;
	int64_t last = is_unknown(attempt) ? OUTBOX_UNKNOWN_RETRY : OUTBOX_LAST_RETRY;

	for (int64_t tries = delivery->tries; tries > 0 && pause < last; tries--)
		pause *= 2;
	if (pause > last)
		pause = last;
	if (attempt->retry_after > pause)
		pause = attempt->retry_after < 3600 ? attempt->retry_after : 3600;
	outbox_note(database, delivery->id, route, attempt);
	database_do(database, "UPDATE delivery SET next_try = ? WHERE id = ?", "ii", now + pause,
		delivery->id);
}

void outbox_dead(struct database *database, const struct delivery *delivery, const char *route,
	const struct attempt *attempt, int64_t now)
{
	outbox_note(database, delivery->id, route, attempt);
	database_do(database, "UPDATE delivery SET state = 'dead', ended = ? WHERE id = ?", "ii",
		now, delivery->id);
	database_do(database,
		"UPDATE delivery SET held_for = NULL, otherwise = NULL WHERE " OWED
		" AND held_for IS NOT NULL AND otherwise = ? AND page = ? AND created = ?",
		"tti", delivery->receiver, delivery->page, delivery->created);
}

void outbox_readdress(struct database *database, const struct delivery *delivery,
	const char *receiver, const struct content *content)
{
	int64_t id;

	database_do(database,
		"INSERT INTO content (whole, bytes, data) SELECT ?, ?, data FROM content WHERE id "
		"= ?",
		"ibi", (int64_t)content->whole, content->bytes, content->length, delivery->content);
	id = database_last_row(database);
	database_do(database,
		"INSERT INTO owed (content, alarm, type) SELECT ?, alarm, type FROM owed WHERE "
		"content = ?",
		"ii", id, delivery->content);
	database_do(database,
		"UPDATE delivery SET receiver = ?, content = ?, in_reply_to = NULL, second = 1,"
		" posted = 0, state = 'pending', next_try = created WHERE id = ?",
		"tii", receiver, id, delivery->id);
}

int64_t outbox_count(struct database *database)
{
	return statement_number(
		database_query(database, "SELECT count(*) FROM delivery WHERE " OWED, ""));
}

int64_t outbox_count_waiting(struct database *database)
{
	return statement_number(database_query(database,
		"SELECT count(*) FROM delivery WHERE " OWED " AND state = 'pending' AND " FREE,
		""));
}

int64_t outbox_count_due(struct database *database, int64_t now)
{
	return statement_number(database_query(database,
		"SELECT count(*) FROM delivery WHERE " OWED " AND (state = 'sending' OR (" FREE
		" AND " DUE "))",
		"i", now));
}

int64_t outbox_last(struct database *database)
{
	return statement_number(database_query(database, "SELECT max(id) FROM delivery", ""));
}

void outbox_total(struct database *database, struct outbox_totals *totals)
{
	totals->pending = outbox_count(database);
	totals->dead = statement_number(
		database_query(database, "SELECT count(*) FROM delivery WHERE state = 'dead'", ""));
	totals->oldest = statement_number(
		database_query(database, "SELECT min(created) FROM delivery WHERE " OWED, ""));
}

void outbox_delay_warnings(struct database *database, int64_t before, struct outbox_delays *delays)
{
	rows_take(database_query(database,
			  "SELECT * FROM delivery WHERE " OWED " AND state = 'pending' AND " FREE
			  " AND tries > 0 AND route IS NOT NULL"
			  " AND created < ? GROUP BY route ORDER BY route",
			  "*i", delay_columns, before),
		&delays->list, &delays->count, sizeof *delays->list);
}

void outbox_delays_release(struct outbox_delays *delays)
{
	for (size_t i = 0; i < delays->count; i++)
		row_release(delay_columns, &delays->list[i]);
	free(delays->list);
	*delays = (struct outbox_delays){0};
}

bool outbox_stuck(struct database *database)
{
	int64_t made = statement_number(database_query(database,
		"SELECT max(created) FROM delivery WHERE " OWED
		" AND state = 'pending' AND tries > 0",
		""));

	return made != 0 && statement_number(database_query(database,
				    "SELECT NOT EXISTS (SELECT 1 FROM delivery"
				    " WHERE state = 'delivered' AND ended >= ?)",
				    "i", made)) != 0;
}

void outbox_list(struct database *database, bool all, struct deliveries *deliveries)
{
	take_deliveries(database_query(database,
				all ? "SELECT * FROM delivery ORDER BY id"
				    : "SELECT * FROM delivery WHERE " OWED
				      " UNION ALL SELECT * FROM delivery WHERE state = 'dead'"
				      " ORDER BY id",
				"*", columns),
		deliveries);
}

int64_t outbox_retry(struct database *database, int64_t id, int64_t now)
{
	database_do(database,
		"UPDATE delivery SET state = 'pending', next_try = ?1, ended = NULL,"
		" created = CASE state WHEN 'dead' THEN ?1 ELSE created END,"
		" perhaps = min(perhaps, 1),"
		" held_until = CASE ?2 WHEN 0 THEN held_until ELSE 0 END,"
		" held_for = CASE ?2 WHEN 0 THEN held_for END"
		" WHERE state IN ('pending', 'dead') AND (?2 = 0 OR id = ?2)",
		"ii", now, id);
	return database_changed(database);
}

int64_t outbox_drop(struct database *database, int64_t id, int64_t now)
{
	database_do(database,
		"UPDATE delivery SET state = 'dropped', ended = ? WHERE state IN ('pending', "
		"'dead') AND id = ?",
		"ii", now, id);
	return database_changed(database);
}

void outbox_drop_receiver(struct database *database, const char *receiver, int64_t now)
{
	database_do(database,
		"UPDATE delivery SET state = 'dropped', ended = ?1 WHERE " OWED
		" AND state = 'pending' AND receiver = ?2 COLLATE NOCASE",
		"it", now, receiver);
	database_do(database,
		"UPDATE delivery SET state = 'dropped', ended = ?1 WHERE state = 'dead'"
		" AND receiver = ?2 COLLATE NOCASE",
		"it", now, receiver);
}
