/* SPDX-License-Identifier: ISC
 *
 * lampwatch verify: exits with 0 where the archive is complete and unaltered, and says only what
 * that does not prove; else prints the first thing that is wrong, and exits with 3.
 */
#include "archive/verify.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
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
	bool good = file_read_named(path, content, error);

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
static bool read_mail(
	struct readers *readers, const char *path, struct text_list *digests, struct error *error)
{
	struct buffer mail = {.maximum = MIME_MAIL_MAX}, text = {0};
	size_t before = digests->count;
	bool good = read_named(path, &mail, error) &&
		    (mime_text(readers, buffer_string(&mail), mail.length, &text, error) ||
			    error_prefix(error, "%s", path));

	if (good) {
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
static bool read_digests(struct readers *readers, const struct options *options,
	struct text_list *digests, struct error *error)
{
	char *head = options->head != NULL ? text_lower(options->head) : NULL;
	bool good = head == NULL || is_digest(head) ||
		    error_set(error, REMEDY_CONFIGURATION,
			    "--head takes the 64 hexadecimal digits of a digest");

	if (head != NULL && good)
		text_list_add(digests, head);
	free(head);
	return good && (options->mail == NULL || read_mail(readers, options->mail, digests, error));
}

/* What is to be proved. */
struct request {
	struct context *context;
	const struct options *options;
	const char *archive;
	const struct text_list *digests;
};

/* From now on this process, which meets what anybody may have written there, reads that archive and
 * writes beside its database. */
static void confine(const struct verification *with)
{
	struct text_list paths = {0}, written = {0};
	char *state = file_join(with->archive, ARCHIVE_STATE);

	text_list_add(&paths, with->archive);
	if (with->ca_file != NULL)
		text_list_add(&paths, with->ca_file);
	text_list_add(&written, state);
	confine_enter_writing(CONFINE_VERIFY, &paths, &written);
	text_list_release(&paths);
	text_list_release(&written);
	free(state);
}

static int verify_archive(const struct request *request)
{
	struct config *config = request->context->config; /* NULL: a folder is named */
	struct buffer public = {.maximum = SIGNATURE_PEM_MAX};
	struct verification with = {.archive = request->archive,
		.ca_file = request->options->ca_file,
		.digests = request->digests};
	char *lock_path = file_join(with.archive, ARCHIVE_STATE "/run.lock");
	int lock = LOCK_HELD, result; /* held: where there is nothing to lock */
	struct error error = {0};
	bool copy = false, good;

	if (with.ca_file == NULL && config != NULL)
		with.ca_file = config->timestamp.ca_file;
	/* Waits for a run: an unfinished commit would look like damage. */
	if (!file_absent(lock_path))
		lock = lock_take(lock_path, true, RUN_WAIT_MILLISECONDS, &error);
	good = lock != LOCK_FAILED && read_public(request->options->key, config, &public, &error);
	if (config != NULL)
		config_wipe(config);
	confine(&with);
	if (good)
		with.database = open_database(with.archive, &copy, &error);
	good = good && (with.database != NULL || copy);
	with.public = public.length > 0 ? &public : NULL;
	result = good ? examine(request->context->invocation, &with) : error_print(&error);
	buffer_release(&public);
	database_close(with.database);
	if (lock >= 0)
		lock_release(lock);
	free(lock_path);
	return result;
}

static void verify_in_child(const void *context, int in, int out)
{
	int status = verify_archive(context);
	struct error error;

	(void)in, (void)out;
	if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) { /* who reads may go */
		system_error_set(&error, "standard output", "cannot be written");
		status = exit_status_worse(status, error_print(&error));
	}
	_exit(status);
}

/* Its exit status, or that of a process that has not ended as it should. */
static int verify_apart(const struct request *request)
{
	static const struct child_role role = {0};
	struct error error;
	struct child_end end;
	struct child child;
	bool unrefused;

	fflush(stdout);
	if (!child_start(&child, &role, verify_in_child, request)) {
		child_unavailable(&error, errno);
		return error_print(&error);
	}
	poll(&(struct pollfd){.fd = child.from}, 1, -1); /* its end hangs up */
	unrefused = child_unrefused(&child, &error);
	child_finish(&child, &end);
	if (unrefused && end.fate == CHILD_EXITED)
		return end.code;
	if (unrefused)
		error_set(&error, REMEDY_LOCAL, "what verifies the archive was %s", end.reason);
	return error_print(&error);
}

int command_verify(struct context *context, const struct options *options, char **words)
{
	struct text_list digests = {0};
	struct request request = {context, options, words[0], &digests};
	int result = words[0] == NULL ? context_open(context, NEEDS_CONFIGURATION) : EXIT_DONE;
	struct error error;

	if (result != EXIT_DONE)
		return result;
	if (request.archive == NULL)
		request.archive = context->config->archive;
	result = read_digests(context->readers, options, &digests, &error) ? verify_apart(&request)
									   : error_print(&error);
	text_list_release(&digests);
	return result;
}
