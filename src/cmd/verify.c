/* SPDX-License-Identifier: ISC
 *
 * lampwatch verify: prints nothing and exits with 0 where the archive is complete and unaltered;
 * else prints the first thing that is wrong, and exits with 3.
 */
#include "archive/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/signature.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/print.h"
#include "run/schema.h"
#include "run/terminal.h"
#include "store/store.h"

enum { RUN_WAIT_MILLISECONDS = 300000 };

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
	terminal_json(root);
	value_free(root);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static int examine(const struct invocation *invocation, const struct verification *with)
{
	struct verified verified = {0};
	struct error error;
	bool loud = invocation->verbosity > 0;
	bool good = verify(with, &verified, loud ? progress : NULL, &error);

	if (loud && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (invocation->json)
		print_json(&verified, good ? NULL : &error);
	else if (!good)
		fprintf(stderr, "lampwatch: %s\n", error.text);
	else if (loud)
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
	char *path = file_join(state, "lampwatch.db"), *heads = file_join(archive, "heads");
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

/* The public key to verify with: of --key, else of the secret one that signs. */
static bool read_public(
	const char *path, const struct config *config, struct buffer *public, struct error *error)
{
	struct signature_key *key;

	if (path != NULL)
		return file_read(path, public, error);
	if (config == NULL || config->signing_key == NULL)
		return true;
	key = signature_key_load(config->signing_key, error);
	if (key != NULL)
		signature_public(key, public);
	signature_key_free(key);
	return key != NULL;
}

int command_verify(struct context *context, const struct options *options, char **words)
{
	const struct config *config;
	struct buffer public = {.maximum = SIGNATURE_PEM_MAX};
	struct verification with = {.archive = words[0], .ca_file = options->ca_file};
	int lock = LOCK_HELD, result = EXIT_DONE; /* held: where there is nothing to lock */
	char *lock_path;
	struct error error = {0};
	bool copy = false, good;

	if (words[0] == NULL)
		result = context_open(context, NEEDS_CONFIGURATION);
	if (result != EXIT_DONE)
		return result;
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
	with.public = public.length > 0 ? &public : NULL;
	result = good ? examine(context->invocation, &with) : error_print(&error);
	buffer_release(&public);
	database_close(with.database);
	if (lock >= 0)
		lock_release(lock);
	return result;
}
