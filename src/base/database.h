/* SPDX-License-Identifier: ISC
 *
 * SQLite as lampwatch uses it: WAL, synchronous=FULL, foreign
 * keys on, statements prepared where they are used. A wrong call ends the program. A
 * failure at run time (disk full, locked, damaged, no memory) marks the database as failed: later
 * calls do nothing, and database_commit() reports it. So the code of a transaction needs no check
 * at each line, and a transaction is applied as a whole or not at all.
 *
 * What could not be read is not empty. Whatever follows from a read that failed outside of a
 * transaction is worth nothing: the mark stays until the database is closed, no transaction begins
 * any more, and whoever prints, sends or decides by what was read asks database_good() first.
 */
#ifndef LAMPWATCH_DATABASE_H
#define LAMPWATCH_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct database;
struct error;
struct statement;
struct text_list;

/*
 * The history of a module's part of the schema: an array of these, ended by one without
 * SQL. A released step never changes: each change of the schema is a new step.
 */
struct schema_step {
	int64_t version; /* of the schema that this step leads to */
	const char *sql;
};

/*
 * Opens the file, creates it if it is missing (mode 0600), and migrates it forward in one
 * transaction: version by version, and within a version the modules in the order of schema, which
 * NULL ends. The newest version is the highest of any step. REMEDY_LOCAL: damaged, not writable, or
 * of a newer version. With read_only nothing is created or migrated, and a copy that nobody may
 * write (a backup, a mount for reading only) is read as it stands, with what its write-ahead log
 * holds.
 */
struct database *database_open(const char *path, const struct schema_step *const *schema,
	bool read_only, struct error *error);

/*
 * The same where the shared-memory file cannot be made or grown: no other process can open the
 * database until it is closed.
 */
struct database *database_open_alone(const char *path, const struct schema_step *const *schema,
	bool read_only, struct error *error);

/*
 * Before the first is open: what is read of files stays out of the memory of children that are
 * forked from now on, where the kernel can do that (Linux 4.14). They open files of their own.
 */
void database_keep_from_children(void);

/*
 * A copy in memory, for changes that vanish when it is closed. Without a
 * file it is an empty database. The file is never changed, even if its schema is older.
 */
struct database *database_copy(
	const char *path, const struct schema_step *const *schema, struct error *error);

/* A further connection to the same file, which another thread may read from while this one goes on.
 * NULL where there is none to be had: it is in memory, or ours alone. */
struct database *database_reader(const struct database *database);

/* Nothing is there, or a file without a byte: SQLite makes a new database of it. */
bool database_missing(const char *path);

/* Which rows of a table database_take() takes, and what becomes of those that are there. */
struct database_part {
	const char *table;
	const char *where; /* SQL over its columns; NULL: all */
	enum {
		TAKE_OVER,   /* they replace those with the same key */
		TAKE_ALL,    /* they replace all */
		TAKE_MISSING /* they get numbers of their own, where the table numbers its rows; of
			      * others those that are not there yet */
	} how;
};

/*
 * Takes rows from another database file of the same program, or an older one, in one transaction;
 * the file may be one that can only be read. parts is ended by one without a table. False with
 * REMEDY_LOCAL, and nothing is taken, where it is missing, cannot be read, is damaged, or is of a
 * newer version. scratch: where a copy of it may stand meanwhile; NULL: nowhere.
 */
bool database_take(struct database *database, const char *from, const char *scratch,
	const struct schema_step *const *schema, const struct database_part *parts,
	struct error *error);

void database_close(struct database *database);

/* Removes the file and what SQLite keeps beside it. */
void database_remove(const char *path);

/* BEGIN IMMEDIATE; waits up to ten seconds for another writer. */
void database_begin(struct database *database);

/* COMMIT; after a failure ROLLBACK, with the first reason in error (REMEDY_LOCAL). */
bool database_commit(struct database *database, struct error *error);
void database_rollback(struct database *database);

/* Reads between these see the same state, and the file is locked once for all of them. */
void database_read_begin(struct database *database);
void database_read_end(struct database *database);

/* True if anything has failed in this transaction, or any read before it. */
bool database_failed(const struct database *database);
/* False, with the first reason in error (REMEDY_LOCAL), where database_failed(). */
bool database_good(const struct database *database, struct error *error);
/* False, with the first reason in error (REMEDY_LOCAL), where a transaction could not be kept since
 * the database was opened: for whoever has nobody to tell when it happens. */
bool database_kept(const struct database *database, struct error *error);
/* Marks it as failed by a read, as a failure of SQLite does: what came cannot be what was written.
 * what: why, in words. */
void database_distrust(struct database *database, const char *what);
/* For commands, which have nothing to say without it: from here on a read that fails outside of a
 * transaction ends the program with a line (error_fatal()). */
void database_end_on_failure(struct database *database);

/*
 * Rows as structs: an array of these, ended by one without a name, maps columns to the members of a
 * struct, so that each column's name is written once.
 */
struct column {
	const char *name; /* or another SQL expression, if it is only read */
	size_t offset;    /* of the member */
	enum column_type {
		COLUMN_INTEGER,  /* int64_t */
		COLUMN_INT,      /* int */
		COLUMN_BOOLEAN,  /* bool: 0 or 1 */
		COLUMN_TEXT,     /* char *, owned; "" if the column is NULL */
		COLUMN_OPTIONAL, /* char *, owned; NULL if the column is NULL */
		COLUMN_WORD,     /* an enum, whose word the column holds */
	} type;
	const char *const *words; /* of a COLUMN_WORD: indexed by its values, ended by NULL */
	int otherwise;            /* its value for any other word */
};

#define COLUMN(name, structure, member, type)                                                      \
	{                                                                                          \
		name, offsetof(structure, member), type, NULL, 0                                   \
	}
#define COLUMN_OF_WORDS(name, structure, member, words, otherwise)                                 \
	{                                                                                          \
		name, offsetof(structure, member), COLUMN_WORD, words, otherwise                   \
	}

/*
 * Prepares sql, a string literal, and binds its parameters by type, one letter each: i int64_t,
 * t text (const char *, NULL is NULL), b blob (const void *, size_t). The values must stay valid
 * until statement_end().
 *
 * The first letter "*" takes columns (const struct column *), "r" takes columns and the struct with
 * their values (const void *). A * in sql then stands for all columns: for their names;
 * after VALUES for their parameters; after SET for "name = parameter, ...". Their parameters follow
 * those of the other letters, which are ?1 and so on.
 */
struct statement *database_query(
	struct database *database, const char *sql, const char *types, ...);

/* The next row; false at the end or on failure. */
bool statement_row(struct statement *statement);
int64_t statement_integer(struct statement *statement, int column);
/* "" for NULL; valid until the next row. */
const char *statement_text(struct statement *statement, int column);
bool statement_null(struct statement *statement, int column);
/* Bytes of a blob or text; valid until the next row. */
const void *statement_blob(struct statement *statement, int column, size_t *length);
void statement_end(struct statement *statement);

/* The only number that the query returns, 0 if it returns none. Ends the statement. */
int64_t statement_number(struct statement *statement);
/* The only text, owned by the caller; NULL if there is none. Ends the statement. */
char *statement_string(struct statement *statement);
/* Adds the first column of each row. Ends the statement. */
void statement_texts(struct statement *statement, struct text_list *texts);

/* Runs a statement that returns nothing. */
void database_do(struct database *database, const char *sql, const char *types, ...);

/* Reads the current row of a query with columns, the first of which is number first.
 * Overwrites the members without releasing their old values. */
void row_read(struct statement *statement, int first, void *row);

/* Whether the current row of such a query says what the struct does, and writing that would change
 * nothing. */
bool row_says(struct statement *statement, int first, const void *row);

/* Reads the only row, whose columns begin at 0; false if there is none, or on failure. Ends
 * the statement. */
bool row_take(struct statement *statement, void *row);

/* Appends all rows to an array that grows by memory_append(). Ends the statement. */
void rows_take(struct statement *statement, void *array, size_t *count, size_t size);

/* Frees the texts among the members, and sets them to NULL. */
void row_release(const struct column *columns, void *row);

int64_t database_last_row(const struct database *database);
/* Rows that the last database_do() changed; that all have changed since it was opened. */
int64_t database_changed(const struct database *database);
int64_t database_changes(const struct database *database);

/* Runs SQLite's own check of the file; false with what it found. */
bool database_examine(struct database *database, struct error *error);

#endif
