/* SPDX-License-Identifier: ISC */
#include "base/database_p.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"

enum {
	LOCK_WAIT_MILLISECONDS = 10000,
	/* What a connection of SQLite keeps of its file, where nobody says otherwise: 2000 KiB. */
	CACHE_PAGES = 512,
	CACHE_PAGE_BYTES = 4096 + 512, /* a page, and more than what stands beside it */
};

/* As another connection sees it. */
static bool is_whole(const char *path)
{
	sqlite3 *inner = NULL;
	sqlite3_stmt *check = NULL;
	bool whole;

	whole = sqlite3_open_v2(path, &inner, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(inner, "PRAGMA quick_check(1)", -1, &check, NULL) == SQLITE_OK &&
		sqlite3_step(check) == SQLITE_ROW &&
		strcmp((const char *)sqlite3_column_text(check, 0), "ok") == 0;
	sqlite3_finalize(check);
	sqlite3_close(inner);
	return whole;
}

/* What the system said to SQLite, 0: nothing. A read that fails with EIO is a damaged file to
 * SQLite, which keeps no errno of it: a file that is whole was only not read. */
static int system_number(sqlite3 *inner)
{
	int code = sqlite3_errcode(inner);
	bool asked = code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_FULL;

	if (code == SQLITE_NOMEM)
		return ENOMEM;
	if (code == SQLITE_CORRUPT)
		return is_whole(sqlite3_db_filename(inner, "main")) ? EIO : 0;
	return asked ? sqlite3_system_errno(inner) : 0;
}

/* What SQLite says, and what the system said to it (system_number()): "disk I/O error: No space
 * left on device; make room". */
static void explain(sqlite3 *inner, int number, char *reason, size_t size)
{
	snprintf(reason, size, "%s%s%s", sqlite3_errmsg(inner), number != 0 ? ": " : "",
		number != 0 ? system_error_text(number) : "");
}

static void mark(struct database *database)
{
	struct error error;

	database->failed = true;
	database->unread = database->unread || !database->in_transaction;
	if (database->unread && database->ends && !database_good(database, &error))
		error_fatal(error.text);
}

void database_distrust(struct database *database, const char *what)
{
	if (!database->failed)
		snprintf(database->reason, sizeof database->reason, "%s", what);
	mark(database);
}

void database_fail(struct database *database)
{
	int code = sqlite3_errcode(database->inner);

	if (code == SQLITE_MISUSE || code == SQLITE_RANGE) {
		fprintf(stderr, "lampwatch: wrong statement: %s\n",
			sqlite3_errmsg(database->inner));
		abort();
	}
	if (!database->failed) {
		database->number = system_number(database->inner);
		explain(database->inner, database->number, database->reason,
			sizeof database->reason);
	}
	mark(database);
}

/* After a failure nothing more is executed: SQLite may have ended the transaction by itself, and
 * what came then would stand alone. */
static bool execute(struct database *database, const char *sql)
{
	if (database->failed)
		return false;
	if (sqlite3_exec(database->inner, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	database_fail(database);
	return false;
}

static int64_t version_of(struct database *database)
{
	struct statement *query = database_query(database, "PRAGMA user_version", "");
	int64_t version = statement_row(query) ? statement_integer(query, 0) : -1;

	statement_end(query);
	return version;
}

static int64_t newest_of(const struct schema_step *const *schema)
{
	int64_t newest = 0;

	for (size_t i = 0; schema[i] != NULL; i++)
		for (const struct schema_step *step = schema[i]; step->sql != NULL; step++)
			newest = step->version > newest ? step->version : newest;
	return newest;
}

static bool migrate(struct database *database, const char *path,
	const struct schema_step *const *schema, bool read_only, struct error *error)
{
	int64_t version = version_of(database), newest = newest_of(schema);
	char sql[64];

	if (version < 0)
		return error_set(error, REMEDY_LOCAL, "%s: %s", path, database->reason);
	if (version > newest)
		return error_set(error, REMEDY_LOCAL,
			"%s: written by a newer lampwatch (schema %lld, this one knows %lld); use "
			"that one",
			path, (long long)version, (long long)newest);
	if (version == newest)
		return true;
	if (version == 0 && statement_number(database_query(
				    database, "SELECT count(*) FROM sqlite_master", "")) > 0)
		return error_set(error, REMEDY_LOCAL, "%s: is not a database of lampwatch", path);
	if (read_only)
		return error_set(error, REMEDY_LOCAL,
			"%s: written by an older lampwatch; `lampwatch run` migrates it", path);
	database_begin(database);
	version = version_of(database); /* another run may have been faster */
	while (version++ < newest)
		for (size_t i = 0; schema[i] != NULL; i++)
			for (const struct schema_step *step = schema[i]; step->sql != NULL; step++)
				if (step->version == version)
					execute(database, step->sql);
	snprintf(sql, sizeof sql, "PRAGMA user_version = %lld", (long long)newest);
	execute(database, sql);
	return database_commit(database, error) || error_prefix(error, "%s", path);
}

/* The ways to open the file. */
enum opening {
	OPEN_SHARED,
	OPEN_ALONE,     /* without the shared memory that lets others in */
	OPEN_IMMUTABLE, /* where nobody can write: there is no log, and no lock is needed */
	OPEN_LOG,       /* the same with a log, whose index is made in memory */
};

void database_keep_from_children(void)
{
	const size_t size = (size_t)CACHE_PAGES * CACHE_PAGE_BYTES;
	void *pool = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pool == MAP_FAILED || madvise(pool, size, MADV_WIPEONFORK) != 0)
		return;
	sqlite3_shutdown(); /* else what is set no longer counts */
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, pool, CACHE_PAGE_BYTES, CACHE_PAGES);
}

static bool connect(struct database *database, const char *name, int flags, enum opening opening)
{
	const char *system = opening == OPEN_LOG ? "unix-none" : NULL; /* without locks */
	bool alone = opening == OPEN_ALONE || opening == OPEN_LOG;

	/* Before the first one is open: nobody asks how much memory it takes, and counting needs a
	 * lock. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(name, &database->inner, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
		    system) != SQLITE_OK)
		return false;
	sqlite3_extended_result_codes(database->inner, 0);
	sqlite3_busy_timeout(database->inner, LOCK_WAIT_MILLISECONDS);
	return (!alone || execute(database, "PRAGMA locking_mode = EXCLUSIVE")) &&
	       (opening >= OPEN_IMMUTABLE || execute(database, "PRAGMA journal_mode = WAL")) &&
	       execute(database, "PRAGMA synchronous = FULL") &&
	       execute(database, "PRAGMA foreign_keys = ON") && version_of(database) >= 0;
}

/* "file:", the path, of which every byte that may mean something else is escaped, and the query.
 * Owned by the caller. */
static char *uri_name(const char *path, const char *query)
{
	struct buffer name = {0};

	buffer_text(&name, "file:");
	for (; *path != '\0'; path++)
		if (isalnum((unsigned char)*path) || strchr("/.-_", *path) != NULL)
			buffer_byte(&name, *path);
		else
			buffer_format(&name, "%%%02X", (unsigned char)*path);
	buffer_format(&name, "?%s", query);
	return buffer_take(&name);
}

/* Whoever opens a pipe to read it waits for ever. */
static bool is_pipe(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* As it stands, whatever its schema; NULL with error. */
static struct database *open_as(
	const char *path, int flags, enum opening opening, struct error *error)
{
	struct database *database = memory_zero(1, sizeof *database);
	char *name =
		opening == OPEN_IMMUTABLE ? uri_name(path, "immutable=1") : memory_string(path);
	char reason[sizeof database->reason] = "cannot be opened";
	mode_t mask = umask(077);
	bool good = !is_pipe(path) && connect(database, name, flags, opening);

	umask(mask);
	free(name);
	database->path = memory_string(path);
	database->shared = opening == OPEN_SHARED;
	if (good)
		return database;
	if (database->inner != NULL)
		explain(database->inner, system_number(database->inner), reason, sizeof reason);
	error_set(error, REMEDY_LOCAL, "%s: %s", path, reason);
	database_close(database);
	return NULL;
}

struct database *database_reader(const struct database *database)
{
	return database->shared ? open_as(database->path, SQLITE_OPEN_READWRITE, OPEN_SHARED, NULL)
				: NULL;
}

/* Whether the write-ahead log holds anything. */
static bool has_log(const char *path)
{
	char *log = memory_format("%s-wal", path);
	struct stat status;
	bool has = stat(log, &status) == 0 ? status.st_size > 0 : !system_error_absent(errno);

	free(log);
	return has;
}

/* To be read only: also where nobody may write beside it. Nobody on this machine has it open then,
 * or SQLite would have found its shared memory there. */
static struct database *open_to_read(const char *path, struct error *error)
{
	struct database *database = open_as(path, SQLITE_OPEN_READWRITE, OPEN_SHARED, error);
	char *folder = file_folder(path);

	if (database == NULL && access(folder, W_OK) != 0 && access(path, R_OK) == 0)
		database = open_as(path, SQLITE_OPEN_READONLY,
			has_log(path) ? OPEN_LOG : OPEN_IMMUTABLE, error);
	free(folder);
	return database;
}

static struct database *migrated(struct database *database, const struct schema_step *const *schema,
	bool read_only, struct error *error)
{
	if (database == NULL || migrate(database, database->path, schema, read_only, error))
		return database;
	database_close(database);
	return NULL;
}

struct database *database_open(const char *path, const struct schema_step *const *schema,
	bool read_only, struct error *error)
{
	struct database *database =
		read_only ? open_to_read(path, error)
			  : open_as(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, OPEN_SHARED,
				    error);

	return migrated(database, schema, read_only, error);
}

struct database *database_open_alone(const char *path, const struct schema_step *const *schema,
	bool read_only, struct error *error)
{
	int flags = read_only ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

	return migrated(open_as(path, flags, OPEN_ALONE, error), schema, read_only, error);
}

/* All that stands in the file; false with error. */
static bool copy_from(struct database *database, const char *path, struct error *error)
{
	struct database *source = open_to_read(path, error);
	sqlite3_backup *backup = NULL;
	bool good;

	if (source == NULL)
		return false;
	backup = sqlite3_backup_init(database->inner, "main", source->inner, "main");
	if (backup != NULL)
		sqlite3_backup_step(backup, -1);
	good = backup != NULL && sqlite3_backup_finish(backup) == SQLITE_OK;
	if (!good)
		error_set(error, REMEDY_LOCAL, "%s: %s", path, sqlite3_errmsg(database->inner));
	database_close(source);
	return good;
}

struct database *database_copy(
	const char *path, const struct schema_step *const *schema, struct error *error)
{
	enum file_presence presence = file_presence(path, error);
	struct database *database;

	if (presence == FILE_UNKNOWN)
		return NULL;
	database =
		open_as(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY,
			OPEN_SHARED, error);
	if (database == NULL || presence == FILE_ABSENT || copy_from(database, path, error))
		return migrated(database, schema, false, error);
	database_close(database);
	return NULL;
}

/* ---- rows of another file ---- */

/* The columns that both have; without the number of its rows, where they get their own. */
static char *common_columns(struct database *database, const struct database_part *part)
{
	return statement_string(database_query(database,
		"SELECT group_concat(theirs.name) FROM pragma_table_info(?1, 'taken') theirs"
		" JOIN pragma_table_info(?1, 'main') ours ON ours.name = theirs.name"
		" WHERE NOT (?2 AND theirs.name = 'id')",
		"ti", part->table, (int64_t)(part->how == TAKE_MISSING)));
}

static void take_part(struct database *database, const struct database_part *part)
{
	char *columns = common_columns(database, part), *sql;

	if (part->how == TAKE_ALL) {
		sql = memory_format("DELETE FROM main.%s", part->table);
		execute(database, sql);
		free(sql);
	}
	sql = memory_format("INSERT OR %s INTO main.%s (%s) SELECT %s FROM taken.%s WHERE %s",
		part->how == TAKE_MISSING ? "IGNORE" : "REPLACE", part->table, columns, columns,
		part->table, part->where != NULL ? part->where : "1");
	if (!text_empty(columns))
		execute(database, sql);
	free(sql);
	free(columns);
}

/* False where it cannot be read as it stands, which is no fault of the database's own: it may be
 * older, or damaged, or its log needs a file beside it that cannot be made. */
static bool attach_as(
	struct database *database, const char *path, const char *query, int64_t version)
{
	char *uri = uri_name(path, query), *word = NULL;
	bool good = false;
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(database->inner, "ATTACH ? AS taken", -1, &statement, NULL) ==
		SQLITE_OK) {
		sqlite3_bind_text(statement, 1, uri, -1, SQLITE_STATIC);
		good = sqlite3_step(statement) == SQLITE_DONE;
		sqlite3_finalize(statement);
	}
	free(uri);
	if (!good)
		return false;
	good = statement_number(database_query(database, "PRAGMA taken.user_version", "")) ==
		       version &&
	       (word = statement_string(
			database_query(database, "PRAGMA taken.quick_check(1)", ""))) != NULL &&
	       strcmp(word, "ok") == 0;
	free(word);
	if (!good)
		sqlite3_exec(database->inner, "DETACH taken", NULL, NULL, NULL);
	database->failed = database->unread = false;
	return good;
}

void database_remove(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		char *name = memory_format("%s%s", path, endings[i]);

		unlink(name);
		free(name);
	}
}

bool database_missing(const char *path)
{
	struct stat status;

	return file_absent(path) ||
	       (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0);
}

/* Where its log is empty, also without the file that readers of a log share. */
static bool attach(struct database *database, const char *path, int64_t version)
{
	return !is_pipe(path) &&
	       (attach_as(database, path, "mode=ro", version) ||
		       (!has_log(path) &&
			       attach_as(database, path, "mode=ro&immutable=1", version)));
}

/* A copy of the file and of its log, which is brought up to date. */
static bool attach_copy(struct database *database, const char *from, const char *scratch,
	const struct schema_step *const *schema, struct error *error)
{
	char *log, *log_copy;
	struct database *copy;
	bool good;

	if (scratch == NULL)
		return error_set(error, REMEDY_LOCAL, "%s: cannot be read", from);
	log = memory_format("%s-wal", from);
	log_copy = memory_format("%s-wal", scratch);
	good = file_copy(from, scratch, PRIVATE_FILE_MODE, error) &&
	       (file_absent(log) || file_copy(log, log_copy, PRIVATE_FILE_MODE, error));

	free(log);
	free(log_copy);
	copy = good ? database_open(scratch, schema, false, error) : NULL;
	good = copy != NULL && database_examine(copy, error);
	database_close(copy);
	return good && (attach(database, scratch, newest_of(schema)) ||
			       error_set(error, REMEDY_LOCAL, "%s: cannot be read", from));
}

bool database_take(struct database *database, const char *from, const char *scratch,
	const struct schema_step *const *schema, const struct database_part *parts,
	struct error *error)
{
	bool good;

	if (database_missing(from))
		return error_set(error, REMEDY_LOCAL, "%s: is lost", from);
	good = database_good(database, error) &&
	       (attach(database, from, newest_of(schema)) ||
		       attach_copy(database, from, scratch, schema, error));
	if (good) {
		database_begin(database);
		for (; parts->table != NULL; parts++)
			take_part(database, parts);
		good = database_commit(database, error);
		sqlite3_exec(database->inner, "DETACH taken", NULL, NULL, NULL);
	}
	if (scratch != NULL)
		database_remove(scratch);
	return good;
}

void database_close(struct database *database)
{
	if (database == NULL)
		return;
	for (size_t i = 0; i < STATEMENTS_KEPT; i++)
		if (database->kept[i] != NULL)
			statement_free(database->kept[i]);
	sqlite3_close(database->inner);
	free(database->path);
	free(database);
}

void database_begin(struct database *database)
{
	database->in_transaction = true; /* a failure from here on ends with it */
	execute(database, "BEGIN IMMEDIATE");
}

bool database_commit(struct database *database, struct error *error)
{
	if (execute(database, "COMMIT")) {
		database->in_transaction = false;
		return true;
	}
	if (!database->lost)
		snprintf(database->lost_reason, sizeof database->lost_reason, "%s",
			database->reason);
	database->lost = true;
	if (!database->unread)
		error_set(error, REMEDY_LOCAL, "the database cannot be written: %s",
			database->reason);
	else
		database_good(database, error);
	database_rollback(database);
	return false;
}

void database_rollback(struct database *database)
{
	if (database->in_transaction && !sqlite3_get_autocommit(database->inner))
		sqlite3_exec(database->inner, "ROLLBACK", NULL, NULL, NULL);
	database->in_transaction = false;
	database->failed = database->unread;
}

void database_read_begin(struct database *database)
{
	execute(database, "BEGIN");
}

void database_read_end(struct database *database)
{
	if (!sqlite3_get_autocommit(database->inner) && /* a failed read may have ended it */
		sqlite3_exec(database->inner, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		database_fail(database);
}

bool database_failed(const struct database *database)
{
	return database->failed;
}

bool database_good(const struct database *database, struct error *error)
{
	if (!database->failed)
		return true;
	error_set(error, REMEDY_LOCAL, "%s: cannot be read: %s", database->path, database->reason);
	if (error != NULL)
		error->number = database->number;
	return false;
}

bool database_kept(const struct database *database, struct error *error)
{
	return !database->lost ||
	       error_set(error, REMEDY_LOCAL, "the database cannot be written: %s",
		       database->lost_reason);
}

void database_end_on_failure(struct database *database)
{
	database->ends = true;
}

bool database_examine(struct database *database, struct error *error)
{
	struct statement *statement = database_query(database, "PRAGMA quick_check(1)", "");
	bool good = statement_row(statement) && strcmp(statement_text(statement, 0), "ok") == 0;

	if (!good)
		error_set(error, REMEDY_LOCAL, "the database is damaged: %s",
			database->failed ? database->reason : statement_text(statement, 0));
	statement_end(statement);
	return good;
}
