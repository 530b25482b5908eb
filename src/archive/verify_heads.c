/* SPDX-License-Identifier: ISC
 *
 * heads against the chains, its signature, and the time stamps over older ones.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/chain_heads.h"
#include "archive/timestamps.h"
#include "archive/verify_p.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/signature.h"
#include "base/text.h"
#include "base/timestamp.h"

static bool see_text(const struct check *check, const struct buffer *text)
{
	char digest[DIGEST_TEXT];

	digest_sha256(buffer_string(text), text->length, digest);
	verify_seen(check, digest);
	return true;
}

static bool read_chain_heads(
	const struct check *check, const char *path, struct buffer *text, struct chain_heads *heads)
{
	text->maximum = CHAIN_HEADS_MAX;
	return file_read(path, text, check->error) && see_text(check, text) &&
	       (chain_heads_parse(buffer_string(text), text->length, heads, check->error) ||
		       error_prefix(check->error, "%s", path));
}

/* Each head is a line that the page's chain really has. */
static bool check_lines(
	const struct check *check, const char *path, const struct chain_heads *heads)
{
	for (size_t i = 0; i < heads->count; i++) {
		const struct chain_head *head = &heads->list[i];
		const struct chain_seen *seen = verify_chain_of(check, head->page);

		if (verify_intended(check, head->page, NULL)) /* its chain has still to grow */
			continue;
		if (seen == NULL || (size_t)head->sequence > seen->count ||
			!text_equal(seen->digests[head->sequence - 1], head->digest))
			return error_set(check->error, REMEDY_LOCAL,
				"%s: line %" PRId64 " of the chain of %s is another, or gone", path,
				head->sequence + 1, head->page);
	}
	return true;
}

/* heads as they are now: of every page, and its chain's end. */
static bool check_ends(const struct check *check, const char *path, const struct chain_heads *heads)
{
	for (size_t i = 0; i < check->chain_count; i++) {
		const struct chain_seen *seen = &check->chains[i];
		const struct chain_head *head = chain_heads_find(heads, seen->page);

		if (seen->count > 0 && !verify_intended(check, seen->page, NULL) &&
			(head == NULL || head->sequence != (int64_t)seen->count))
			return error_set(check->error, REMEDY_LOCAL,
				"%s: does not name the last line of the chain of %s", path,
				seen->page);
	}
	return true;
}

/* ---- the signature ---- */

static bool fact_is(const struct check *check, const char *name, const struct buffer *bytes)
{
	char digest[DIGEST_TEXT], *fact = store_fact(check->with->database, name);
	bool same;

	digest_sha256(buffer_string(bytes), bytes->length, digest);
	same = text_equal(fact, digest);
	free(fact);
	return same;
}

/* Whether heads must have a signature, whatever lies there. */
static bool must_be_signed(const struct check *check)
{
	char *key = check->with->database != NULL ? store_fact(check->with->database, "heads_key")
						  : NULL;
	bool must = check->with->public != NULL || !text_empty(key);

	free(key);
	return must;
}

static bool check_public(const struct check *check, const char *path, const struct buffer *public)
{
	const struct buffer *wanted = check->with->public;

	if (wanted != NULL && (wanted->length != public->length ||
				      memcmp(wanted->data, public->data, public->length) != 0))
		return verify_wrong(check, path,
			"is another key than the one to be verified with: SIGNED BY AN UNKNOWN "
			"KEY");
	return check->with->database == NULL || fact_is(check, "heads_key", public) ||
	       verify_wrong(check, path, "is not the key that the database names");
}

/* The signature in the folder over the text; both paths are of files there. */
static bool check_signature(const struct check *check, const char *folder,
	const struct buffer *text, struct buffer *public)
{
	char *sig = file_join(folder, CHAIN_HEADS_SIGNATURE),
	     *pub = file_join(folder, CHAIN_HEADS_PUBLIC);
	struct buffer signature = {.maximum = SIGNATURE_PEM_MAX};
	bool good;

	public->maximum = SIGNATURE_PEM_MAX;
	good = file_read(pub, public, check->error) && file_read(sig, &signature, check->error) &&
	       (signature_right(public, buffer_string(text), text->length, &signature) ||
		       verify_wrong(check, sig, "is not the signature of these heads"));
	buffer_release(&signature);
	free(pub);
	free(sig);
	return good;
}

static bool has_signature(const char *folder)
{
	char *sig = file_join(folder, CHAIN_HEADS_SIGNATURE),
	     *pub = file_join(folder, CHAIN_HEADS_PUBLIC);
	bool has = !file_absent(sig) || !file_absent(pub);

	free(pub);
	free(sig);
	return has;
}

static bool check_own_signature(const struct check *check, const struct buffer *text)
{
	const char *archive = check->with->archive;
	char *pub = file_join(archive, CHAIN_HEADS_PUBLIC);
	struct buffer public = {0};
	bool must = must_be_signed(check), good = true;

	if (has_signature(archive)) {
		good = check_signature(check, archive, text, &public) &&
		       check_public(check, pub, &public);
		check->verified->is_signed = good;
		check->verified->by_known_key = good && must;
	} else if (must) {
		good = error_set(check->error, REMEDY_LOCAL,
			"%s: NOT SIGNED: the signature that it must have is gone", archive);
	}
	buffer_release(&public);
	free(pub);
	return good;
}

bool verify_heads(struct check *check)
{
	char *path = file_join(check->with->archive, CHAIN_HEADS_FILE);
	struct buffer text = {0};
	struct chain_heads heads = {0};
	bool good = true;

	if (check->unfinished) /* the next run writes and signs it */
		goto out;
	good = read_chain_heads(check, path, &text, &heads) && check_lines(check, path, &heads) &&
	       check_ends(check, path, &heads) &&
	       (check->with->database == NULL || fact_is(check, "heads", &text) ||
		       verify_wrong(check, path, "is not the one that the database names")) &&
	       check_own_signature(check, &text);
out:
	chain_heads_release(&heads);
	buffer_release(&text);
	free(path);
	return good;
}

/* ---- time stamps ---- */

static bool check_reply(const struct check *check, const char *path, const struct buffer *text)
{
	struct buffer reply = {.maximum = TIMESTAMP_REPLY_MAX};
	int64_t time, named;
	bool good = file_read(path, &reply, check->error);
	char *folder = file_folder(path);

	if (good && !timestamp_proves(&reply, buffer_string(text), text->length,
			    check->with->ca_file, &time, check->error))
		good = error_prefix(check->error, "%s", path);
	buffer_release(&reply);
	good = good &&
	       ((archive_folder_time(folder, &named) && named == time) ||
		       text_ends(folder, "/.stamp") || /* not yet in its place */
		       verify_wrong(check, folder, "is not named after the time of its stamp"));
	free(folder);
	return good;
}

static bool check_stamp(struct check *check, const char *name)
{
	char *folder = timestamps_path(check->with->archive, name, NULL);
	char *path = file_join(folder, CHAIN_HEADS_FILE),
	     *reply = file_join(folder, TIMESTAMPS_REPLY);
	struct buffer text = {0}, public = {0};
	struct chain_heads heads = {0};
	char sums[DIGEST_TEXT];
	bool recorded = check->with->database != NULL, good = true;

	if (recorded && !timestamps_sums(check->with->database, name, sums))
		good = verify_wrong(
			check, folder, "has been added: the database has no such stamp");
	good = good && verify_folder(check, folder, recorded ? sums : NULL) &&
	       read_chain_heads(check, path, &text, &heads) && check_lines(check, path, &heads) &&
	       (!has_signature(folder) || check_signature(check, folder, &text, &public)) &&
	       check_reply(check, reply, &text);
	check->verified->stamps++;
	buffer_release(&public);
	buffer_release(&text);
	chain_heads_release(&heads);
	free(reply);
	free(path);
	free(folder);
	return good;
}

bool verify_stamps(struct check *check)
{
	struct text_list folders = {0}, others = {0}, recorded = {0};
	bool good = timestamps_list(check->with->archive, &folders, &others, check->error);

	if (check->with->database != NULL)
		timestamps_recorded(check->with->database, &recorded);
	if (good && others.count > 0) {
		char *path = timestamps_path(check->with->archive, others.list[0], NULL);

		good = verify_wrong(check, path, "has been added");
		free(path);
	}
	for (size_t i = 0; good && i < folders.count; i++)
		good = check_stamp(check, folders.list[i]);
	for (size_t i = 0; good && i < recorded.count; i++) /* gone, or on its way */
		good = text_list_search(&folders, recorded.list[i]) ||
		       check_stamp(check, recorded.list[i]);
	text_list_release(&folders);
	text_list_release(&others);
	text_list_release(&recorded);
	return good;
}
