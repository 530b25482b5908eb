/* SPDX-License-Identifier: ISC
 *
 * Gives an archive a past: snapshots, changes and events in its database and its chains, as many
 * for each page. The folders are left out: a run never looks at those of the past.
 *
 *   bench-history ARCHIVE COUNT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/change.h"
#include "run/schema.h"
#include "store/store.h"

enum { BEGAN = 1390590000, EVERY = 3600 };

static void add_snapshot(
	struct database *database, struct page_state *state, int64_t time, struct buffer *chain)
{
	struct chain_line line = {.sequence = ++state->snapshot, .type = "snapshot"};
	static char id[] = "00000000exam", name[] = "Service 0", before[] = "operational",
		    after[] = "degraded", none[] = "";
	struct change change = {CHANGE_INDICATOR, id, name, before, after, none};
	struct snapshot_row row;
	char head[DIGEST_TEXT], compact[DATE_TEXT_MAX];
	char *text;

	date_write(time, line.time);
	date_write_compact(time, compact);
	snprintf(line.folder, sizeof line.folder, "%.4s/%.2s/%s", compact, compact + 5, compact);
	snprintf(line.sums, sizeof line.sums, "%s", state->sums);
	snprintf(line.before, sizeof line.before, "%s", state->head);
	text = chain_line_write(&line);
	chain_line_digest(text, head);
	memory_set(&state->head, head);
	row = (struct snapshot_row){line.sequence, time, line.folder, line.sums, text};
	store_add_snapshot(database, state->name, &row);
	store_add_change(database, state->name, time, line.sequence, &change, false);
	store_add_event(database, state->name, time, "red", id, name, before, after, none);
	buffer_format(chain, "%s\n", text);
	free(text);
}

static bool add_past(struct database *database, const char *archive, struct page_state *state,
	int count, struct error *error)
{
	char *path = archive_path(archive, state->name, "chain", NULL);
	struct buffer chain = {0};
	bool good;

	for (int i = 0; i < count; i++)
		add_snapshot(database, state, BEGAN + (int64_t)i * EVERY, &chain);
	store_save(database, state);
	good = file_append(path, buffer_string(&chain), chain.length, 0644, error);
	buffer_release(&chain);
	free(path);
	return good;
}

int main(int argc, char **argv)
{
	struct page_states states = {0};
	struct database *database;
	struct error error = {0};
	char *path;
	bool good;
	int count;

	if (argc != 3) {
		fputs("usage: bench-history ARCHIVE COUNT\n", stderr);
		return 2;
	}
	path = file_join(argv[1], ARCHIVE_STATE "/lampwatch.db");
	database = database_open(path, schema, false, &error);
	good = database != NULL;
	if (good) {
		store_pages(database, &states);
		count = states.count > 0 ? atoi(argv[2]) / (int)states.count : 0;
		database_begin(database);
		for (size_t i = 0; good && i < states.count; i++)
			good = add_past(database, argv[1], &states.list[i], count, &error);
		good = database_commit(database, good ? &error : NULL) && good;
	}
	if (!good)
		fprintf(stderr, "bench-history: %s\n", error.text);
	page_states_release(&states);
	database_close(database);
	free(path);
	return good ? 0 : 1;
}
