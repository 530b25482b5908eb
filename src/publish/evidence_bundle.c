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
#include "archive/private_body.h"
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

void evidence_bundle_add(struct evidence_bundle *proof, const char *name, struct buffer *bytes)
{
	struct evidence_file *file = memory_append(&proof->files, &proof->count, sizeof *file);

	file->name = memory_string(name);
	file->bytes = *bytes;
	*bytes = (struct buffer){0};
}

void evidence_bundle_release(struct evidence_bundle *proof)
{
	for (size_t i = 0; i < proof->count; i++) {
		free(proof->files[i].name);
		buffer_release(&proof->files[i].bytes);
	}
	free(proof->files);
	free(proof->url);
	*proof = (struct evidence_bundle){0};
}

/* ---- the snapshot ---- */

static bool add_snapshot(struct evidence_bundle *proof, const char *archive, const char *page,
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
			proof->private = private_body_any(&capture);
			capture_release(&capture);
		}
		evidence_bundle_add(proof, inside, &file->bytes);
		free(inside);
	}
	snapshot_files_release(&files);
	return true;
}

/* ---- heads ---- */

/* Where the heads are, and what they say about the page. */
struct place {
	char *folder; /* owned */
	int64_t sequence;
	bool is_signed, stamped;
};

/* True if the heads in the folder cover the snapshot; fills in the other members. Where they are
 * there and cannot be read, error says why. */
static bool covers(struct place *place, const char *page, int64_t sequence, struct error *error)
{
	char *path = file_join(place->folder, CHAIN_HEADS_FILE);
	char *signature = file_join(place->folder, CHAIN_HEADS_SIGNATURE);
	struct buffer text = {.maximum = CHAIN_HEADS_MAX};
	struct chain_heads heads = {0};
	const struct chain_head *head = NULL;

	if (!file_absent(path) && file_read(path, &text, error) &&
		chain_heads_parse(buffer_string(&text), text.length, &heads, NULL))
		head = chain_heads_find(&heads, page);
	place->sequence = head != NULL ? head->sequence : 0;
	place->is_signed = !file_absent(signature);
	chain_heads_release(&heads);
	buffer_release(&text);
	free(signature);
	free(path);
	return head != NULL && place->sequence >= sequence;
}

/* The earliest timestamp that covers the snapshot, preferring a signed one; else the current heads.
 */
static bool choose(struct place *place, const char *archive, const char *page, int64_t sequence,
	struct error *error)
{
	struct text_list folders = {0}, others = {0};
	struct place found = {0};

	error_set(error, REMEDY_LOCAL,
		"%s/" CHAIN_HEADS_FILE ": does not cover snapshot %" PRId64
		" of %s yet; the next run writes it",
		archive, sequence, page);
	if (!timestamps_list(archive, &folders, &others, error)) {
		text_list_release(&folders);
		text_list_release(&others);
		return false;
	}
	for (size_t i = 0; i < folders.count && !found.is_signed; i++) {
		struct place next = {
			.folder = timestamps_path(archive, folders.list[i], NULL), .stamped = true};

		if (covers(&next, page, sequence, error) &&
			(next.is_signed || found.folder == NULL)) {
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
		covers(&found, page, sequence, error);
	}
	*place = found;
	return found.sequence >= sequence;
}

/* The heads, and their timestamp and signature if there are any. */
static bool add_chain_heads(
	struct evidence_bundle *proof, const struct place *place, struct error *error)
{
	const struct {
		const char *name;
		size_t maximum;
		bool wanted;
	} files[] = {
		{CHAIN_HEADS_FILE, CHAIN_HEADS_MAX, true},
		{TIMESTAMPS_REPLY, TIMESTAMP_REPLY_MAX, place->stamped},
		{CHAIN_HEADS_PUBLIC, SMALL_MAX, place->is_signed},
		{CHAIN_HEADS_SIGNATURE, SMALL_MAX, place->is_signed},
	};
	bool good = true;

	for (size_t i = 0; good && i < sizeof files / sizeof files[0]; i++) {
		const char *name = files[i].name;
		struct buffer bytes = {.maximum = files[i].maximum};
		char *path;

		if (!files[i].wanted)
			continue;
		path = file_join(place->folder, name);
		good = file_read(path, &bytes, error);
		if (good && text_equal(name, TIMESTAMPS_REPLY)) {
			const struct buffer *heads = &proof->files[proof->count - 1].bytes;

			good = timestamp_proves(&bytes, buffer_string(heads), heads->length, NULL,
				       &proof->stamped, error) ||
			       error_prefix(error, "%s", path);
		}
		if (good && text_equal(name, CHAIN_HEADS_PUBLIC))
			digest_sha256(buffer_string(&bytes), bytes.length, proof->public);
		if (good)
			evidence_bundle_add(proof, name, &bytes);
		buffer_release(&bytes);
		free(path);
	}
	return good;
}

/* ---- the chain ---- */

struct chain_part {
	struct evidence_bundle *proof;
	int64_t end; /* sequence of its last line */
	struct buffer text;
};

static bool take_line(
	void *context, const struct chain_line *line, const char *text, struct error *error)
{
	struct chain_part *stretch = context;

	(void)error;
	if (line->sequence <= stretch->end)
		buffer_format(&stretch->text, "%s\n", text);
	if (line->sequence == stretch->end)
		chain_line_digest(text, stretch->proof->head);
	return true;
}

static bool add_chain(struct evidence_bundle *proof, const char *archive, const char *page,
	int64_t end, struct error *error)
{
	struct chain_part stretch = {.proof = proof, .end = end};
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
		evidence_bundle_add(proof, "chain", &stretch.text);
	buffer_release(&stretch.text);
	buffer_release(&chain);
	free(path);
	return good;
}

bool evidence_bundle_gather(const char *archive, const char *page, const struct snapshot_row *row,
	struct evidence_bundle *proof, struct error *error)
{
	struct place place = {0};
	bool good = choose(&place, archive, page, row->sequence, error);

	proof->time = row->time;
	proof->sequence = row->sequence;
	snprintf(proof->sums, sizeof proof->sums, "%s", row->sums);
	good = good && add_snapshot(proof, archive, page, row, error) &&
	       add_chain(proof, archive, page, place.sequence, error) &&
	       add_chain_heads(proof, &place, error);
	free(place.folder);
	return good;
}
