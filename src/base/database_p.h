/* SPDX-License-Identifier: ISC
 *
 * Private to database.c and statement.c, which are all that includes SQLite.
 */
#ifndef LAMPWATCH_DATABASE_P_H
#define LAMPWATCH_DATABASE_P_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/database.h"

enum { STATEMENTS_KEPT = 256 /* a run has some 100 */ };

struct statement {
	struct database *database;
	sqlite3_stmt *inner;          /* NULL once the database has failed */
	const char *sql;              /* a literal: by its address, prepared statements are kept */
	const struct column *columns; /* that a * in it stands for; NULL: it has none */
	bool used, kept;
};

struct database {
	sqlite3 *inner;
	char *path;
	bool failed, in_transaction;
	bool shared; /* others may open the file */
	bool unread; /* a read outside of a transaction failed: stays so … */
	bool ends;   /* … and ends the program */
	bool lost;   /* a transaction could not be kept: stays so */
	char reason[512], lost_reason[512];
	int number;                              /* errno of the reason; 0: none */
	struct statement *kept[STATEMENTS_KEPT]; /* found by the addresses of their SQL */
};

/* Notes why the last call of SQLite failed: from here on nothing is executed. Ends the program
 * where the statement itself is wrong. */
void database_fail(struct database *database);

void statement_free(struct statement *statement);

#endif
