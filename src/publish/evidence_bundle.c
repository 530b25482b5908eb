/* SPDX-License-Identifier: ISC */
#include "publish/evidence_bundle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/capture.h"
#include "archive/chain.h"
#include "archive/chain_heads.h"
#include "archive/snapshot_reader.h"
#include "archive/timestamps.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "store/store.h"

enum { SMALL_MAX = 64 * 1024 };

void proof_add(struct proof *proof, const char *name, struct buffer *bytes)
{
	struct proof_file *file = memory_append(&proof->files, &proof->count, sizeof *file);

	file->name = memory_string(name);
	file->bytes = *bytes;
	*bytes = (struct buffer){0};
}

void proof_release(struct proof *proof)
{
	for (size_t i = 0; i < proof->count; i++) {
		free(proof->files[i].name);
		buffer_release(&proof->files[i].bytes);
	}
	free(proof->files);
	free(proof->url);
	*proof = (struct proof){0};
}

/* ---- the snapshot ---- */

static bool add_snapshot(struct proof *proof, const char *archive, const char *page,
	const struct snapshot_row *row, struct error *error)
{
	struct snapshot_files files;
	struct capture_text capture;

	if (!snapshot_read(archive, page, row->folder, row->sums, &files, error))
		return false;
	for (size_t i = 0; i < files.count; i++) {
		struct snapshot_file *file = &files.list[i];
		char *inside = memory_format("snapshot/%s", file->name);

		if (text_equal(file->name, "capture")) {
			capture_parse(buffer_string(&file->bytes), &capture);
			memory_set(&proof->url, capture_value(&capture, 0, "url"));
			proof->simulated = capture_value(&capture, 0, "simulated") != NULL;
			capture_release(&capture);
		}
		proof_add(proof, inside, &file->bytes);
		free(inside);
	}
	snapshot_files_release(&files);
	return true;
}

/* ---- heads ---- */

/* Where heads lie, and what they say of the page. */
struct place {
	char *folder; /* owned */
	int64_t sequence;
	bool is_signed, stamped;
};

/* True where the heads in the folder cover the snapshot; fills in the rest. */
static bool covers(struct place *place, const char *page, int64_t sequence)
{
	char *path = file_join(place->folder, HEADS_FILE);
	char *signature = file_join(place->folder, HEADS_SIGNATURE);
	struct buffer text = {.maximum = HEADS_MAX};
	struct heads heads = {0};
	const struct head *head = NULL;

	if (file_read(path, &text, NULL) &&
		heads_parse(buffer_string(&text), text.length, &heads, NULL))
		head = heads_find(&heads, page);
	place->sequence = head != NULL ? head->sequence : 0;
	place->is_signed = file_exists(signature);
	heads_release(&heads);
	buffer_release(&text);
	free(signature);
	free(path);
	return head != NULL && place->sequence >= sequence;
}

/* The earliest stamp that covers the snapshot, a signed one before others; else today's heads. */
static bool choose(struct place *place, const char *archive, const char *page, int64_t sequence)
{
	struct text_list folders = {0}, others = {0};
	struct place found = {0};

	stamps_list(archive, &folders, &others);
	for (size_t i = 0; i < folders.count && !found.is_signed; i++) {
		struct place next = {
			.folder = stamps_path(archive, folders.list[i], NULL), .stamped = true};

		if (covers(&next, page, sequence) && (next.is_signed || found.folder == NULL)) {
			free(found.folder);
			found = next;
		} else {
			free(next.folder);
		}
	}
	text_list_release(&folders);
	text_list_release(&others);
	if (found.folder == NULL) {
		found.folder = memory_string(archive);
		covers(&found, page, sequence);
	}
	*place = found;
	return found.sequence >= sequence;
}

static bool add_beside(
	struct proof *proof, const struct place *place, const char *name, struct error *error)
{
	struct buffer bytes = {.maximum = text_equal(name, HEADS_FILE) ? HEADS_MAX : SMALL_MAX};
	char *path = file_join(place->folder, name);
	bool good = file_read(path, &bytes, error);

	if (good && text_equal(name, HEADS_PUBLIC))
		digest_sha256(buffer_string(&bytes), bytes.length, proof->public);
	if (good)
		proof_add(proof, name, &bytes);
	buffer_release(&bytes);
	free(path);
	return good;
}

static bool add_stamp(struct proof *proof, const struct place *place, struct error *error)
{
	const struct buffer *heads = &proof->files[proof->count - 1].bytes;
	struct buffer reply = {.maximum = TIMESTAMP_REPLY_MAX};
	char *path = file_join(place->folder, STAMPS_REPLY);
	bool good = file_read(path, &reply, error) &&
		    (timestamp_proves(&reply, buffer_string(heads), heads->length, NULL,
			     &proof->stamped, error) ||
			    error_prefix(error, "%s", path));

	if (good)
		proof_add(proof, STAMPS_REPLY, &reply);
	buffer_release(&reply);
	free(path);
	return good;
}

static bool add_heads(struct proof *proof, const struct place *place, struct error *error)
{
	return add_beside(proof, place, HEADS_FILE, error) &&
	       (!place->stamped || add_stamp(proof, place, error)) &&
	       (!place->is_signed || (add_beside(proof, place, HEADS_PUBLIC, error) &&
					     add_beside(proof, place, HEADS_SIGNATURE, error)));
}

/* ---- the chain ---- */

struct stretch {
	struct proof *proof;
	int64_t end; /* sequence of its last line */
	struct buffer text;
};

static bool take_line(
	void *context, const struct chain_line *line, const char *text, struct error *error)
{
	struct stretch *stretch = context;

	(void)error;
	if (line->sequence <= stretch->end)
		buffer_format(&stretch->text, "%s\n", text);
	if (line->sequence == stretch->end)
		chain_line_digest(text, stretch->proof->head);
	return true;
}

static bool add_chain(struct proof *proof, const char *archive, const char *page, int64_t end,
	struct error *error)
{
	struct stretch stretch = {.proof = proof, .end = end};
	char *path = archive_path(archive, page, "chain", NULL);
	struct buffer chain = {0};
	bool good = file_read(path, &chain, error);

	buffer_text(&stretch.text, CHAIN_HEAD "\n");
	if (good && !chain_walk(buffer_string(&chain), chain.length, take_line, &stretch, error))
		good = error_prefix(error, "%s", path);
	if (good && proof->head[0] == '\0')
		good = error_set(
			error, REMEDY_LOCAL, "%s: ends before line %" PRId64, path, end + 1);
	if (good)
		proof_add(proof, "chain", &stretch.text);
	buffer_release(&stretch.text);
	buffer_release(&chain);
	free(path);
	return good;
}

bool proof_gather(const char *archive, const char *page, const struct snapshot_row *row,
	struct proof *proof, struct error *error)
{
	struct place place = {0};
	bool good = choose(&place, archive, page, row->sequence) ||
		    error_set(error, REMEDY_LOCAL,
			    "%s/" HEADS_FILE ": does not cover snapshot %" PRId64
			    " of %s yet; the next run writes it",
			    archive, row->sequence, page);

	proof->time = row->time;
	proof->sequence = row->sequence;
	snprintf(proof->sums, sizeof proof->sums, "%s", row->sums);
	good = good && add_snapshot(proof, archive, page, row, error) &&
	       add_chain(proof, archive, page, place.sequence, error) &&
	       add_heads(proof, &place, error);
	free(place.folder);
	return good;
}
