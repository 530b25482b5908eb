/* SPDX-License-Identifier: ISC
 *
 * lampwatch verify: exits with 0 where the archive is complete and unaltered, and says only what
 * that does not prove; else prints the first thing that is wrong, and exits with 3.
 */
#include "archive/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/signature.h"
#include "base/system_error.h"
#include "base/text.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/print.h"
#include "run/schema.h"
#include "run/terminal.h"
#include "store/store.h"
#include "tell/mime.h"

enum { RUN_WAIT_MILLISECONDS = 300000, MAIL_MAX = 16 * 1024 * 1024 /* bytes */ };

static void progress(const struct verified *verified)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%zu snapshots", verified->snapshots);
}

static void print_json(const struct verified *verified, const struct error *error)
{
	struct value *root = value_map();

	value_put_number(root, "format", 1);
	value_put_boolean(root, "whole", error == NULL);
	if (error != NULL)
		value_put_text(root, "wrong", error->text);
	value_put_number(root, "pages", (int64_t)verified->pages);
	value_put_number(root, "snapshots", (int64_t)verified->snapshots);
	value_put_number(root, "files", (int64_t)verified->files);
	value_put_number(root, "stamps", (int64_t)verified->stamps);
	value_put_boolean(root, "signed", verified->is_signed);
	value_put_boolean(root, "known_key", verified->by_known_key);
	terminal_json(root);
	value_free(root);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* What a proof lacks: whoever has made the whole archive again has left no trace in it. */
static const char *reservation(const struct verified *verified)
{
	if (verified->unfinished || verified->by_known_key)
		return NULL;
	return verified->is_signed
		       ? "SIGNED BY AN UNKNOWN KEY: whole, but anybody may have signed it; --key "
			 "names the one to trust"
		       : "NOT SIGNED: whole, but anybody may have made it; --head and --mail "
			 "hold it against an alert";
}

static int examine(const struct invocation *invocation, const struct verification *with)
{
	struct verified verified = {0};
	struct error error;
	bool loud = invocation->verbosity > 0;
	bool good = verify(with, &verified, loud ? progress : NULL, &error);
	const char *lacks = good ? reservation(&verified) : NULL;

	if (loud && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (invocation->json)
		print_json(&verified, good ? NULL : &error);
	else if (!good)
		fprintf(stderr, "lampwatch: %s\n", error.text);
	else if (lacks != NULL && invocation->verbosity >= 0)
		printf("%s: %s\n", with->archive, lacks);
	if (good && loud && !invocation->json)
		printf("whole%s: %zu page%s, %zu snapshot%s, %zu file%s, %s, %zu time stamp%s\n",
			with->database == NULL ? " (a copy without a database)" : "",
			verified.pages, plural(verified.pages), verified.snapshots,
			plural(verified.snapshots), verified.files, plural(verified.files),
			verified.is_signed ? "signed" : "not signed", verified.stamps,
			plural(verified.stamps));
	return good ? EXIT_DONE : EXIT_LOCAL;
}

/* The archive's database. *copy: the archive is a copy without one. */
static struct database *open_database(const char *archive, bool *copy, struct error *error)
{
	char *state = file_join(archive, ARCHIVE_STATE);
	char *path = file_join(state, STORE_FILE), *heads = file_join(archive, "heads");
	enum file_presence there = file_presence(path, error);
	struct database *database = NULL;

	*copy = there == FILE_ABSENT && file_absent(state) && !file_absent(heads);
	if (there == FILE_ABSENT && !*copy)
		error_set(error, REMEDY_LOCAL, "%s: there is no archive%s", archive,
			file_absent(heads) ? " yet" : ": its database is gone");
	else if (there == FILE_PRESENT)
		database = database_open(path, schema, true, error);
	free(heads);
	free(path);
	free(state);
	return database;
}

/* A file that the user has named: that it is not there is a mistake in the command. */
static bool read_named(const char *path, struct buffer *content, struct error *error)
{
	bool good = file_read(path, content, error);

	if (!good && !system_error_local(error->number))
		error->remedy = REMEDY_CONFIGURATION;
	return good;
}

/* The public key to verify with: of --key, else of the secret one that signs. */
static bool read_public(
	const char *path, const struct config *config, struct buffer *public, struct error *error)
{
	struct signature_key *key;

	if (path != NULL)
		return read_named(path, public, error);
	if (config == NULL || config->signing_key == NULL)
		return true;
	key = signature_key_load(config->signing_key, error);
	if (key != NULL)
		signature_public(key, public);
	signature_key_free(key);
	return key != NULL;
}

static bool is_digest(const char *text)
{
	return strlen(text) == DIGEST_TEXT - 1 &&
	       strspn(text, "0123456789abcdef") == DIGEST_TEXT - 1;
}

/* Of lines such as "Chain:     b1946ac…" at the margin: what a page wrote is indented. */
static void take_digest(const char *line, struct text_list *digests)
{
	static const char *const labels[] = {"Digest:", "Chain:"};
	char *word = NULL;

	for (size_t i = 0; i < sizeof labels / sizeof *labels && word == NULL; i++)
		if (text_starts(line, labels[i]))
			word = text_collapse(line + strlen(labels[i]),
				strlen(line + strlen(labels[i])), DIGEST_TEXT);
	if (word != NULL && is_digest(word))
		text_list_add(digests, word);
	free(word);
}

/* The digests that an alert carries. */
static bool read_mail(const char *path, struct text_list *digests, struct error *error)
{
	struct buffer mail = {.maximum = MAIL_MAX}, text = {0};
	size_t before = digests->count;
	bool good = read_named(path, &mail, error);

	if (good && mime_read_text(buffer_string(&mail), mail.length, &text)) {
		char *rest = text.data, *line;

		while ((line = strsep(&rest, "\n")) != NULL)
			take_digest(line, digests);
	}
	buffer_release(&mail);
	buffer_release(&text);
	return good &&
	       (digests->count > before ||
		       error_set(error, REMEDY_CONFIGURATION,
			       "%s: carries no digest: is it an alert, with all its text?", path));
}

/* Of --head and --mail, as text. */
static bool read_digests(
	const struct options *options, struct text_list *digests, struct error *error)
{
	char *head = options->head != NULL ? text_lower(options->head) : NULL;
	bool good = head == NULL || is_digest(head) ||
		    error_set(error, REMEDY_CONFIGURATION,
			    "--head takes the 64 hexadecimal digits of a digest");

	if (head != NULL && good)
		text_list_add(digests, head);
	free(head);
	return good && (options->mail == NULL || read_mail(options->mail, digests, error));
}

int command_verify(struct context *context, const struct options *options, char **words)
{
	const struct config *config;
	struct buffer public = {.maximum = SIGNATURE_PEM_MAX};
	struct text_list digests = {0};
	struct verification with = {.archive = words[0], .ca_file = options->ca_file};
	int lock = LOCK_HELD, result = EXIT_DONE; /* held: where there is nothing to lock */
	char *lock_path;
	struct error error = {0};
	bool copy = false, good;

	if (words[0] == NULL)
		result = context_open(context, NEEDS_CONFIGURATION);
	if (result != EXIT_DONE)
		return result;
	if (!read_digests(options, &digests, &error)) {
		text_list_release(&digests);
		return error_print(&error);
	}
	config = context->config; /* NULL: a folder is named */
	if (with.archive == NULL)
		with.archive = config->archive;
	if (with.ca_file == NULL && config != NULL)
		with.ca_file = config->timestamp.ca_file;
	/* Waits for a run: an unfinished commit would look like damage. */
	lock_path = file_join(with.archive, ARCHIVE_STATE "/run.lock");
	if (!file_absent(lock_path))
		lock = lock_take(lock_path, true, RUN_WAIT_MILLISECONDS, &error);
	free(lock_path);
	if (lock != LOCK_FAILED)
		with.database = open_database(with.archive, &copy, &error);
	good = (with.database != NULL || copy) &&
	       read_public(options->key, config, &public, &error);
	with.digests = &digests;
	with.public = public.length > 0 ? &public : NULL;
	result = good ? examine(context->invocation, &with) : error_print(&error);
	buffer_release(&public);
	text_list_release(&digests);
	database_close(with.database);
	if (lock >= 0)
		lock_release(lock);
	return result;
}
