/* SPDX-License-Identifier: ISC */
#include "archive/chain_heads.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/signature.h"
#include "base/step.h"
#include "base/text.h"
#include "store/store.h"

#define HEADS_TITLE "lampwatch heads 1 sha256"
enum { HEAD_LINE_MAX = 256 };

void chain_heads_add(
	struct chain_heads *heads, const char *page, int64_t sequence, const char *digest)
{
	struct chain_head *head = memory_append(&heads->list, &heads->count, sizeof *head);

	snprintf(head->page, sizeof head->page, "%s", page);
	snprintf(head->digest, sizeof head->digest, "%s", digest);
	head->sequence = sequence;
}

static void take_head(void *heads, const char *page, int64_t sequence, const char *digest)
{
	chain_heads_add(heads, page, sequence, digest);
}

bool chain_heads_known(struct chain_heads *heads, struct database *database)
{
	return store_chain_ends(database, take_head, heads);
}

static int by_page(const void *key, const void *head)
{
	return strcmp(key, ((const struct chain_head *)head)->page);
}

const struct chain_head *chain_heads_find(const struct chain_heads *heads, const char *page)
{
	if (heads->count == 0)
		return NULL;
	return bsearch(page, heads->list, heads->count, sizeof *heads->list, by_page);
}

void chain_heads_release(struct chain_heads *heads)
{
	free(heads->list);
	*heads = (struct chain_heads){0};
}

static void head_write(const struct chain_head *head, struct buffer *out)
{
	buffer_format(out, "%s\t%" PRId64 "\t%s\n", head->page, head->sequence, head->digest);
}

void chain_heads_write(const struct chain_heads *heads, struct buffer *out)
{
	buffer_text(out, HEADS_TITLE "\n");
	for (size_t i = 0; i < heads->count; i++)
		head_write(&heads->list[i], out);
}

/* One line without its newline. Written again it must be the same, so that nothing can hide in it.
 */
static bool head_parse(const char *line, struct chain_heads *heads)
{
	struct buffer again = {.maximum = HEAD_LINE_MAX};
	char page[65] = "", digest[DIGEST_TEXT] = "";
	int64_t sequence = 0;
	bool good =
		sscanf(line, "%64[^\t]\t%" SCNd64 "\t%64[0-9a-f]", page, &sequence, digest) == 3 &&
		text_is_name(page) && strlen(digest) == DIGEST_TEXT - 1 && sequence > 0 &&
		(heads->count == 0 || strcmp(heads->list[heads->count - 1].page, page) < 0);

	if (good) {
		chain_heads_add(heads, page, sequence, digest);
		head_write(&heads->list[heads->count - 1], &again);
		good = again.length == strlen(line) + 1 &&
		       strncmp(again.data, line, again.length - 1) == 0;
	}
	buffer_release(&again);
	return good;
}

bool chain_heads_parse(
	const char *text, size_t length, struct chain_heads *heads, struct error *error)
{
	const char *end = text + length;
	size_t number = 0;
	bool good = true;

	while (good && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		char *line;

		if (newline == NULL)
			return error_set(error, REMEDY_LOCAL, "the last line has no end");
		line = memory_bytes(text, (size_t)(newline - text));
		number++;
		if (number == 1)
			good = strcmp(line, HEADS_TITLE) == 0;
		else
			good = head_parse(line, heads);
		good = good && strlen(line) == (size_t)(newline - text);
		if (!good)
			error_set(error, REMEDY_LOCAL, "line %zu was not written by lampwatch",
				number);
		free(line);
		text = newline + 1;
	}
	return good && (number > 0 || error_set(error, REMEDY_LOCAL, "is empty"));
}

/* ---- the files ---- */

static bool says_already(const char *path, const void *bytes, size_t length)
{
	struct buffer before = {.maximum = CHAIN_HEADS_MAX};
	bool same = file_read(path, &before, NULL) && before.length == length &&
		    (length == 0 || memcmp(before.data, bytes, length) == 0);

	buffer_release(&before);
	return same;
}

static bool publish(const char *archive, const char *name, const void *bytes, size_t length,
	struct error *error)
{
	char *path = file_join(archive, name);
	bool done = says_already(path, bytes, length) ||
		    file_write(path, bytes, length, FILE_MODE, error);

	free(path);
	return done;
}

/* A signature that no longer fits would look like a forgery. */
static bool withdraw(const char *archive, const char *name, struct error *error)
{
	char *path = file_join(archive, name);
	bool done =
		unlink(path) == 0 || errno == ENOENT ||
		error_set(error, REMEDY_LOCAL, "%s: cannot be removed: %s", path, strerror(errno));

	free(path);
	return done;
}

static bool publish_signature(const char *archive, const struct buffer *text,
	const struct signature_key *key, struct error *error)
{
	unsigned char signature[SIGNATURE_BYTES];
	struct buffer public = {.maximum = SIGNATURE_PEM_MAX};
	bool done;

	signature_public(key, &public);
	signature_sign(key, buffer_string(text), text->length, signature);
	done = publish(archive, CHAIN_HEADS_PUBLIC, buffer_string(&public), public.length, error);
	if (done)
		STEP("public key written");
	done = done && publish(archive, CHAIN_HEADS_SIGNATURE, signature, sizeof signature, error);
	if (done)
		STEP("signature written");
	buffer_release(&public);
	return done;
}

bool chain_heads_publish(const char *archive, const struct buffer *text,
	const struct signature_key *key, struct error *error)
{
	bool done = key != NULL || (withdraw(archive, CHAIN_HEADS_SIGNATURE, error) &&
					   withdraw(archive, CHAIN_HEADS_PUBLIC, error));

	done = done && publish(archive, CHAIN_HEADS_FILE, buffer_string(text), text->length, error);
	if (done)
		STEP("heads written");
	if (done && key != NULL)
		done = publish_signature(archive, text, key, error);
	return done;
}

bool chain_heads_published(const char *archive, const struct buffer *text, bool signature)
{
	char *heads = file_join(archive, CHAIN_HEADS_FILE),
	     *sig = file_join(archive, CHAIN_HEADS_SIGNATURE);
	char *public = file_join(archive, CHAIN_HEADS_PUBLIC);
	bool there = says_already(heads, buffer_string(text), text->length) &&
		     file_absent(sig) != signature && file_absent(public) != signature;

	free(public);
	free(sig);
	free(heads);
	return there;
}
