/* SPDX-License-Identifier: ISC */
#include "run/standby.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "archive/chain_heads.h"
#include "base/buffer.h"
#include "base/database.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/text.h"
#include "run/context.h"
#include "run/rebuild.h"
#include "run/schema.h"
#include "store/store.h"
#include "tell/admin_notice.h"
#include "tell/outbox.h"

enum {
	LINES_MAX = 64 * 1024 * 1024,
	STANDBY_SNAPSHOTS = 64, /* of each page, where it is made from folders */
	FOLDER_NAME = 16,       /* digits of a digest */
};

#define STANDBY_SAID "said"         /* one line for each reason; there until all is well */
#define STANDBY_ACCEPTED "accepted" /* Message-IDs that no database could record */

/* A fact of the standby's own. */
#define FACT_FOLDERS "standby from folders"

/* Of what was delivered, what later messages still ask for. The last number of each goes along, so
 * that new ones do not take it. */
#define OPEN_ALARMS "SELECT id FROM taken.alarm WHERE closed IS NULL"
#define TOLD_OF "SELECT content FROM taken.owed WHERE alarm IN (" OPEN_ALARMS ")"
#define OWED                                                                                       \
	"ended IS NULL OR content IN (" TOLD_OF ") OR id = (SELECT max(id) FROM taken.delivery)"

const struct database_part standby_parts[] = {
	{"fact", NULL, TAKE_OVER},
	{"page", NULL, TAKE_OVER},
	{"reading", NULL, TAKE_OVER},
	{"validator", NULL, TAKE_OVER},
	{"lamp", NULL, TAKE_OVER},
	{"snapshot", "sequence > (SELECT snapshot FROM taken.page WHERE name = snapshot.page) - 64",
		TAKE_OVER},
	{"alarm", NULL, TAKE_OVER},
	{"delivery", OWED, TAKE_OVER},
	{"content",
		"id IN (SELECT content FROM taken.delivery WHERE " OWED
		") OR id = (SELECT max(id) FROM taken.content)",
		TAKE_OVER},
	{"owed", "content IN (SELECT content FROM taken.delivery WHERE " OWED ")", TAKE_OVER},
	{"silence", NULL, TAKE_OVER},
	{"subscriber", NULL, TAKE_OVER},
	{"disabled", NULL, TAKE_OVER},
	{"host", NULL, TAKE_OVER},
	{"host_record", NULL, TAKE_OVER},
	{"crowd", NULL, TAKE_OVER},
	{0},
};

/* The operator is told once of a fault that began meanwhile and lasts, too (run/local_fault.c). */
#define FAULTS "name = 'local faults'"

/* What happened meanwhile. A page that has changed, or has a reading of its own, was not kept. */
static const struct database_part returned[] = {
	{"fact", FAULTS, TAKE_OVER},
	{"page", NULL, TAKE_OVER},
	{"reading", NULL, TAKE_OVER},
	{"validator", "0", TAKE_OVER},
	{"lamp", NULL, TAKE_ALL},
	{"alarm", NULL, TAKE_OVER},
	{"delivery", NULL, TAKE_OVER},
	{"content", NULL, TAKE_OVER},
	{"owed", NULL, TAKE_OVER},
	{"gap", NULL, TAKE_MISSING},
	{"change", NULL, TAKE_MISSING},
	{"event", NULL, TAKE_MISSING},
	{"crowd", NULL, TAKE_MISSING},
	{0},
};

/* From one that was made out of folders: the numbers of its alarms are its own. */
static const struct database_part replaced[] = {
	{"fact", FAULTS, TAKE_OVER},
	{"page", NULL, TAKE_OVER},
	{"reading", NULL, TAKE_OVER},
	{"lamp", NULL, TAKE_ALL},
	{"alarm", NULL, TAKE_ALL},
	{"delivery", NULL, TAKE_ALL},
	{"content", NULL, TAKE_ALL},
	{"owed", NULL, TAKE_ALL},
	{"gap", NULL, TAKE_MISSING},
	{"change", NULL, TAKE_MISSING},
	{"event", NULL, TAKE_MISSING},
	{"crowd", NULL, TAKE_MISSING},
	{0},
};

/* ---- where it lies ---- */

static char *candidate(size_t i)
{
	const char *runtime = getenv("RUNTIME_DIRECTORY"), *user = getenv("XDG_RUNTIME_DIR"),
		   *temporary = getenv("TMPDIR");
	long long uid = (long long)geteuid();

	switch (i) {
	case 0:
		return text_empty(runtime) ? NULL : memory_bytes(runtime, strcspn(runtime, ":"));
	case 1:
		return memory_string("/run/lampwatch");
	case 2:
		return text_empty(user) ? NULL : file_join(user, "lampwatch");
	case 3:
		return memory_format(
			"%s/lampwatch-%lld", text_empty(temporary) ? "/tmp" : temporary, uid);
	case 4:
		return memory_format("/var/tmp/lampwatch-%lld", uid);
	default:
		return memory_format("/dev/shm/lampwatch-%lld", uid);
	}
}

enum { CANDIDATES = 6, CANDIDATES_GIVEN = 2 /* the first: made by whoever installs */ };

static char *own_folder(const struct context *context, const char *above)
{
	char *whole = realpath(context->config->archive, NULL), digest[DIGEST_TEXT];
	const char *archive = whole != NULL ? whole : context->config->archive;

	digest_sha256(archive, strlen(archive), digest);
	digest[FOLDER_NAME] = '\0';
	free(whole);
	return file_join(above, digest);
}

void standby_folders(const struct context *context, struct text_list *folders)
{
	char *own = file_folder(context->database_path);

	text_list_add(folders, own);
	for (size_t i = 0; i < CANDIDATES; i++) {
		char *above = candidate(i), *place = NULL;

		if (above != NULL)
			place = i < CANDIDATES_GIVEN ? memory_string(above) : file_folder(above);
		if (place != NULL)
			text_list_add(folders, place);
		free(above);
		free(place);
	}
	free(own);
}

/* The archive's folder in the candidate; NULL where it cannot be used, or is not there. */
static char *usable(const struct context *context, size_t i, bool make, struct text_list *lines)
{
	char *above = candidate(i), *folder = NULL;
	bool given = i < CANDIDATES_GIVEN;
	int descriptor = above != NULL ? file_open_private(above, make && !given, !given) : -1;

	if (descriptor >= 0) {
		close(descriptor);
		folder = own_folder(context, above);
		descriptor = file_open_private(folder, make, true);
	}
	if (descriptor < 0) {
		if (above != NULL && make && errno == EPERM) {
			char *line = memory_format(
				"%s: is somebody else's, or open to others: it is not used",
				folder != NULL ? folder : above);

			text_list_add(lines, line);
			free(line);
		}
		free(folder);
		folder = NULL;
	} else {
		close(descriptor);
		if (make && access(folder, W_OK) != 0) {
			free(folder);
			folder = NULL;
		}
	}
	free(above);
	return folder;
}

/* The folder that is there, the one in use before any other; NULL where all is well. */
static char *find_folder(const struct context *context)
{
	char *first = NULL;

	for (size_t i = 0; i < CANDIDATES; i++) {
		char *folder = usable(context, i, false, NULL), *path;
		bool in_use;

		if (folder == NULL)
			continue;
		path = file_join(folder, STORE_FILE);
		in_use = !file_absent(path);
		free(path);
		if (in_use) {
			free(first);
			return folder;
		}
		if (first == NULL)
			first = folder;
		else
			free(folder);
	}
	return first;
}

char *standby_in_use(const struct context *context)
{
	char *folder = find_folder(context), *path = NULL;

	if (folder != NULL)
		path = file_join(folder, STORE_FILE);
	free(folder);
	if (path != NULL && file_absent(path))
		memory_set(&path, NULL);
	return path;
}

static char *make_folder(const struct context *context, struct text_list *lines)
{
	char *folder = NULL;

	for (size_t i = 0; i < CANDIDATES && folder == NULL; i++)
		folder = usable(context, i, true, lines);
	return folder;
}

/* ---- what is remembered beside it ---- */

/* Whether the line stands in the file; NULL: any. */
static bool has_line(const char *folder, const char *name, const char *line)
{
	char *path = file_join(folder, name), *rest, *text, *one;
	struct buffer file = {.maximum = LINES_MAX};
	bool found = false;

	if (file_read(path, &file, NULL))
		found = line == NULL && file.length > 0;
	text = rest = buffer_take(&file);
	while (line != NULL && (one = strsep(&rest, "\n")) != NULL)
		found = found || strcmp(one, line) == 0;
	free(text);
	free(path);
	return found;
}

static void add_line(const char *folder, const char *name, const char *line)
{
	char *path = file_join(folder, name), *text = memory_format("%s\n", line);

	file_append(path, text, strlen(text), PRIVATE_FILE_MODE, NULL);
	free(text);
	free(path);
}

void standby_remember(const struct context *context, const struct text_list *message_ids)
{
	struct text_list lines = {0};
	char *folder = find_folder(context);

	if (folder == NULL)
		folder = make_folder(context, &lines);
	for (size_t i = 0; folder != NULL && i < message_ids->count; i++)
		add_line(folder, STANDBY_ACCEPTED, message_ids->list[i]);
	text_list_release(&lines);
	free(folder);
}

/* What was accepted and could not be recorded then is recorded now. */
static void take_accepted(const char *folder, struct database *database, int64_t now)
{
	char *path = file_join(folder, STANDBY_ACCEPTED), *rest, *text, *id;
	struct buffer file = {.maximum = LINES_MAX};
	bool found = file_read(path, &file, NULL);

	text = rest = buffer_take(&file);
	if (found) {
		database_begin(database);
		while ((id = strsep(&rest, "\n")) != NULL)
			outbox_accepted(database, id, now);
		if (database_commit(database, NULL))
			unlink(path);
	}
	free(text);
	free(path);
}

/* ---- how it is made ---- */

static void set_fact(struct database *database, const char *name, const char *value)
{
	database_begin(database);
	store_set_fact(database, name, value);
	database_commit(database, NULL);
}

void standby_tell_operator(const struct context *context, struct database *database,
	const struct error *why, const char *from)
{
	const char *archive = context->config->archive;
	size_t length = strlen(archive);
	/* The message names the archive; a subject that is cut shall say what is wrong with it. */
	bool within = text_starts(why->text, archive) && why->text[length] == '/';
	char *reason = memory_format("%s. %s", why->text + (within ? length + 1 : 0), from);
	char digest[DIGEST_TEXT], *id;
	struct admin_notice note = {.type = EVENT_UNKEPT,
		.label = archive,
		.reason = reason,
		.seen = context->invocation->clock};

	digest_sha256(why->text, strlen(why->text), digest);
	id = memory_format("u.%lld.%.16s", (long long)note.seen, digest);
	note.id = id;
	database_begin(database);
	admin_notice_send(database, context->config, context->templates, &note, note.seen);
	database_commit(database, NULL);
	free(id);
	free(reason);
}

/* The whole of it under another name first: a crash leaves no half of it. */
static bool make(const struct context *context, const char *folder, const char *path,
	const struct error *why, bool lost, struct error *error)
{
	char *new = file_join(folder, "new.db"), *scratch = file_join(folder, "taken.db");
	const char *from = "What the runs go on with is a copy of its database.";
	struct database *database;
	bool known, done;

	unlink(new);
	database = database_open(new, schema, false, error);
	known = database != NULL && database_take(database, context->database_path, scratch, schema,
					    lost ? rebuild_people : standby_parts, NULL);
	if (database != NULL && (lost || !known)) {
		from = known ? "What the runs go on with comes from its folders, and who "
			       "subscribed "
			       "from its database as it is."
			     : "What the runs go on with comes from its folders; who subscribed by "
			       "mail or by command, and who left, is not known.";
		rebuild_states(context, database, STANDBY_SNAPSHOTS);
		set_fact(database, FACT_FOLDERS, "yes");
	}
	done = database != NULL && database_kept(database, error);
	if (done) {
		take_accepted(folder, database, context->invocation->clock);
		if (!has_line(folder, STANDBY_SAID, NULL))
			standby_tell_operator(context, database, why, from);
	}
	database_close(database);
	if (done && rename(new, path) != 0)
		done = error_set(
			error, REMEDY_LOCAL, "%s: cannot be made: %s", path, strerror(errno));
	if (!done)
		unlink(new);
	free(scratch);
	free(new);
	return done;
}

/* Each reason once, until all is well again. */
static void say(const char *folder, const struct error *why, bool lost, struct text_list *lines)
{
	bool first = !has_line(folder, STANDBY_SAID, NULL);

	if (has_line(folder, STANDBY_SAID, why->text))
		return;
	text_list_add(lines, why->text);
	if (first)
		text_list_add(lines,
			"nothing is kept while that lasts, and people are told all the "
			"same");
	if (lost && strstr(why->text, "lampwatch rebuild") == NULL)
		text_list_add(
			lines, "`lampwatch rebuild` makes the database from the archive's folders");
	add_line(folder, STANDBY_SAID, why->text);
}

static bool go_on(
	const struct context *context, const char *folder, const char *path, struct error *error)
{
	struct database *database = database_open(path, schema, false, error);

	if (database != NULL)
		take_accepted(folder, database, context->invocation->clock);
	database_close(database);
	return database != NULL;
}

/* In that folder. Nothing stays of one that cannot be made there. */
static bool open_in(struct context *context, const char *folder, const struct error *why, bool lost,
	int *lock, struct text_list *lines, struct error *error)
{
	char *path = file_join(folder, STORE_FILE), *lock_path = file_join(folder, "run.lock");
	bool done, new = false;

	*lock = lock_take(lock_path, false, 0, error);
	done = *lock >= 0 ||
	       (*lock == LOCK_HELD && error_set(error, REMEDY_LATER, "another run is at work"));
	if (done) {
		new = file_absent(path);
		done = new ? make(context, folder, path, why, lost, error)
			   : go_on(context, folder, path, error);
	}
	if (done) {
		say(folder, why, lost, lines);
		free(context->database_path);
		free(context->courier_lock);
		context->database_path = path;
		context->courier_lock = file_join(folder, "courier.lock");
		path = NULL;
	} else if (new) {
		unlink(lock_path);
		lock_release(*lock);
		*lock = LOCK_FAILED;
		rmdir(folder); /* unless something is remembered in it */
	}
	free(path);
	free(lock_path);
	return done;
}

bool standby_open(struct context *context, const struct error *why, bool lost, int *lock,
	struct text_list *lines, struct error *error)
{
	char *used = standby_in_use(context), *folder = used != NULL ? file_folder(used) : NULL;
	bool done = false;

	error_set(
		error, REMEDY_LOCAL, "no folder outside of the archive can be used to go on with");
	if (folder != NULL)
		done = open_in(context, folder, why, lost, lock, lines, error);
	for (size_t i = 0; used == NULL && !done && error->remedy == REMEDY_LOCAL && i < CANDIDATES;
		i++) {
		free(folder);
		folder = usable(context, i, true, lines);
		if (folder != NULL)
			done = open_in(context, folder, why, lost, lock, lines, error);
	}
	free(folder);
	free(used);
	return done;
}

/* ---- how it is taken back ---- */

/* Where the chains end, the archive's database knows: it may have been pruned meanwhile, or be that
 * of a new archive, which has none. */
static void keep_chains(struct database *database, struct database *standby)
{
	struct page_states kept = {0}, states = {0};

	store_pages(database, &kept);
	store_pages(standby, &states);
	database_begin(standby);
	for (size_t i = 0; i < states.count; i++) {
		const struct page_state none = {.name = states.list[i].name},
					*known = page_states_find(&kept, states.list[i].name);

		store_set_chain(standby, known != NULL ? known : &none);
	}
	database_commit(standby, NULL);
	page_states_release(&kept);
	page_states_release(&states);
}

bool standby_return(const struct context *context, struct database *database, struct error *error)
{
	char *folder = find_folder(context), *path, *scratch, *from_folders = NULL;
	struct database *standby;
	bool done = true;

	if (folder == NULL)
		return true;
	path = file_join(folder, STORE_FILE);
	scratch = file_join(folder, "taken.db");
	standby = file_absent(path) ? NULL : database_open(path, schema, false, NULL);
	if (standby != NULL) {
		database_begin(database); /* what is wrong is said as it was when it began */
		store_set_fact(database, FACT_FOLDERS, "");
		done = database_commit(database, error);
	}
	if (standby != NULL && !done)
		database_close(standby);
	if (standby != NULL && done) { /* one that cannot be read is of no use to anybody */
		from_folders = store_fact(standby, FACT_FOLDERS);
		keep_chains(database, standby);
		database_close(standby);
		done = database_take(database, path, scratch, schema,
			text_empty(from_folders) ? returned : replaced, error);
	}
	if (done) {
		database_remove(path);
		take_accepted(folder, database, context->invocation->clock);
	}
	free(from_folders);
	free(scratch);
	free(path);
	free(folder);
	return done;
}

void standby_forget(const struct context *context)
{
	char *folder = find_folder(context);

	if (folder != NULL)
		file_remove_tree(folder, NULL);
	free(folder);
}

/* ---- whether it is needed ---- */

static bool chain_agrees(const struct context *context, struct database *database, const char *page,
	const struct chain_head *last, struct error *error)
{
	int64_t known = last != NULL ? last->sequence : 0, sequence = 0;
	char digest[DIGEST_TEXT], end[DIGEST_TEXT], *line;
	bool agrees;

	if (!archive_chain_tail(context->config->archive, page, &sequence, end, error))
		return false;
	if (sequence == 0 || (sequence == known && text_equal(end, last->digest)))
		return true;
	if (sequence > known)
		return error_set(error, REMEDY_LOCAL,
			"%s: %s the archive: the chain of %s has %lld line%s, of which it knows "
			"%lld; put %s back, or `lampwatch rebuild` makes it from the archive's "
			"folders",
			context->database_path, known == 0 ? "does not know" : "is older than",
			page, (long long)sequence, sequence == 1 ? "" : "s", (long long)known,
			known == 0 ? "the one that does" : "the newer one");
	line = store_line(database, page, sequence);
	if (line != NULL)
		chain_line_digest(line, digest);
	agrees = line != NULL && strcmp(digest, end) == 0;
	free(line);
	return agrees || error_set(error, REMEDY_LOCAL,
				 "%s/%s/chain: line %lld is not the one that was written there; "
				 "`lampwatch verify` says more",
				 context->config->archive, page, (long long)sequence);
}

bool standby_needless(const struct context *context, struct database *database, struct error *error)
{
	const struct config *config = context->config;
	struct chain_heads heads = {0};
	bool agree = true;

	if (database != NULL) {
		chain_heads_known(&heads, database);
		agree = database_good(database, error); /* what was not read is not unknown */
	}
	for (size_t i = 0; agree && i < config->page_count; i++)
		agree = chain_agrees(context, database, config->pages[i].name,
			chain_heads_find(&heads, config->pages[i].name), error);
	chain_heads_release(&heads);
	return agree;
}
