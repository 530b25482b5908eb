/* SPDX-License-Identifier: ISC
 *
 * SQLite, in the one way that lampwatch uses it: WAL, synchronous=FULL, foreign
 * keys on, statements prepared where they stand. What cannot fail for a reason
 * of ours (a wrong statement) ends the program; what can (disk full, locked,
 * damaged) makes the database "failed": later calls do nothing, and
 * database_commit() reports it. So a transaction is written without a check at
 * each line, and is there whole or not at all.
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
 * What a module keeps in the database, as it has grown: an array of these, ended by one without
 * SQL. A step, once released, is never changed: a change of the schema is a new step.
 */
struct schema_step {
	int64_t version; /* the schema's, to which this step belongs */
	const char *sql;
};

/*
 * Opens the file, makes it where there is none (mode 0600), and migrates it forward in one
 * transaction: version by version, in each the modules in the order of schema, which NULL ends. The
 * newest version is the highest that a step has. REMEDY_LOCAL: damaged, not writable, or of a newer
 * version. With read_only nothing is made or migrated.
 */
struct database *database_open(const char *path, const struct schema_step *const *schema,
	bool read_only, struct error *error);

/*
 * The same for a disk so full that there is no room for the memory that processes share: nobody
 * else can open it until it is closed.
 */
struct database *database_open_alone(const char *path, const struct schema_step *const *schema,
	bool read_only, struct error *error);
/*
 * A copy in memory, in which anything may be done: it is gone when it is closed. Where there is no
 * file it is an empty one. Nothing of the file is changed, also where its schema is older.
 */
struct database *database_copy(
	const char *path, const struct schema_step *const *schema, struct error *error);
void database_close(struct database *database);

/* BEGIN IMMEDIATE; waits up to ten seconds for another writer. */
void database_begin(struct database *database);

/* COMMIT; after a failure ROLLBACK, with the first reason in error (REMEDY_LOCAL). */
bool database_commit(struct database *database, struct error *error);
void database_rollback(struct database *database);

/* What is read between these is of one moment, and locks the file once for all of it. */
void database_read_begin(struct database *database);
void database_read_end(struct database *database);

/* True once something failed since begin (or open); clears with the transaction's end. */
bool database_failed(const struct database *database);
/* True where what failed last was for want of space. */
bool database_full(const struct database *database);
/* The reason of the last failure. */
const char *database_reason(const struct database *database);

/*
 * Rows as structs: an array of these, ended by one without a name, says which member of a struct a
 * column's value stands in, so that each name of a column stands once.
 */
struct column {
	const char *name; /* or another expression of SQL, where it is only read */
	size_t offset;    /* of the member */
	enum column_type {
		COLUMN_INTEGER,  /* int64_t */
		COLUMN_INT,      /* int */
		COLUMN_BOOLEAN,  /* bool: 0 or 1 */
		COLUMN_TEXT,     /* char *, owned; "" where the column is NULL */
		COLUMN_OPTIONAL, /* char *, owned; NULL where the column is */
		COLUMN_WORD,     /* an enum, of which the column holds the word */
	} type;
	const char *const *words; /* of a COLUMN_WORD: by its values, ended by NULL */
	int otherwise;            /* its value where the word is none of them */
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
 * Prepares sql, a literal, and binds its parameters by type, one letter each: i int64_t,
 * t text (const char *, NULL is NULL), b blob (const void *, size_t). The strings must live until
 * statement_end().
 *
 * A first letter "*" takes columns (const struct column *), and "r" columns and the struct that
 * their values are in (const void *). Then a * in sql stands for all columns: for their names;
 * after VALUES for their parameters; after SET for "name = parameter, ...". Their parameters come
 * after those of the other letters, which are ?1 and so on.
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

/* The only number that the query gives, 0 where it gives none; ends the statement. */
int64_t statement_number(struct statement *statement);
/* The only text, owned by the caller; NULL where it gives none. Ends the statement. */
char *statement_string(struct statement *statement);
/* Adds the first column of each row. Ends the statement. */
void statement_texts(struct statement *statement, struct text_list *texts);

/* A query that returns nothing. */
void database_do(struct database *database, const char *sql, const char *types, ...);

/* The row that statement_row() came to, in a query with columns, which begin at first.
 * Overwrites the members, and does not release what they held. */
void row_read(struct statement *statement, int first, void *row);

/* The only row, without others before its columns; false where there is none, or on failure. Ends
 * the statement. */
bool row_take(struct statement *statement, void *row);

/* All rows, likewise, at the end of an array that grows as by memory_append(). Ends the statement.
 */
void rows_take(struct statement *statement, void *array, size_t *count, size_t size);

/* Frees the texts among the members, and sets them to NULL. */
void row_release(const struct column *columns, void *row);

int64_t database_last_row(const struct database *database);
/* Rows that the last database_do() changed. */
int64_t database_changed(const struct database *database);

/* SQLite's own examination of the file; false with what it found. */
bool database_examine(struct database *database, struct error *error);

#endif
