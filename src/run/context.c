/* SPDX-License-Identifier: ISC */
#include "run/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/text.h"
#include "run/print.h"
#include "settings.h"
#include "run/schema.h"
#include "store/store.h"
#include "tell/providers.h"

enum { RUN_WAIT_MILLISECONDS = 300000 };

int context_open(struct context *context, const struct invocation *invocation)
{
	struct problems problems = {0};
	char *path = config_find(invocation->config_path);

	context->invocation = invocation;
	context->templates = file_templates();
	if (path == NULL) {
		fputs("lampwatch: no lampwatch.yaml here and none in /etc/lampwatch; -c FILE names "
		      "one\n",
			stderr);
		return EXIT_USAGE;
	}
	context->config = config_load(path, &problems);
	if (context->config != NULL)
		context->kinds = kind_set_load(context->config, context->templates, &problems);
	context->providers = providers_load(context->templates, &problems);
	if (problems.errors > 0)
		problems_print(&problems);
	problems_release(&problems);
	free(path);
	if (context->config == NULL || context->kinds == NULL || context->providers == NULL)
		return EXIT_USAGE;
	webhook_urls_complete(context->config, context->templates);
	context->database_path = file_join(context->config->archive, ARCHIVE_STATE "/lampwatch.db");
	context->courier_lock = file_join(context->config->archive, ARCHIVE_STATE "/courier.lock");
	context->user_agent = context->config->user_agent_contact != NULL
				      ? memory_format("lampwatch/" LAMPWATCH_VERSION " (+%s)",
						context->config->user_agent_contact)
				      : memory_string("lampwatch/" LAMPWATCH_VERSION);
	return EXIT_DONE;
}

int context_prepare(const struct context *context)
{
	bool new = !file_exists(context->database_path);
	struct error error;

	if (!archive_prepare(context->config->archive, &error)) {
		fprintf(stderr, "lampwatch: %s\n", error.text);
		return EXIT_LOCAL;
	}
	if (new &&geteuid() == 0 && context->invocation->verbosity >= 0)
		fputs("lampwatch: warning: runs as root; a user of its own is safer\n", stderr);
	return EXIT_DONE;
}

struct database *context_database(const struct context *context, bool *missing)
{
	struct database *database;
	struct error error;

	*missing = !file_exists(context->database_path);
	if (*missing)
		return NULL;
	database = database_open(context->database_path, schema, true, &error);
	if (database == NULL) /* on a full disk */
		database = database_open_alone(context->database_path, schema, true, NULL);
	if (database == NULL)
		fprintf(stderr, "lampwatch: %s\n", error.text);
	return database;
}

struct database *context_outbox(void *context)
{
	const struct context *self = context;

	return database_open(self->database_path, schema, false, NULL);
}

int context_alone(const struct context *context,
	int (*work)(const struct context *context, struct database *database))
{
	struct database *database = NULL;
	struct error error;
	char *path;
	int lock, result;

	if (!file_exists(context->database_path))
		return EXIT_DONE;
	path = file_join(context->config->archive, ARCHIVE_STATE "/run.lock");
	lock = lock_take(path, false, RUN_WAIT_MILLISECONDS, &error);
	if (lock == LOCK_HELD)
		error_set(
			&error, REMEDY_LATER, "another run is at work for five minutes; try again");
	if (lock >= 0)
		database = database_open(context->database_path, schema, false, &error);
	if (database != NULL) {
		result = work(context, database);
	} else {
		fprintf(stderr, "lampwatch: %s\n", error.text);
		result = lock == LOCK_HELD ? EXIT_OWED : EXIT_LOCAL;
	}
	database_close(database);
	if (lock >= 0)
		lock_release(lock);
	free(path);
	return result;
}

void context_close(struct context *context)
{
	kind_set_free(context->kinds);
	providers_free(context->providers);
	config_free(context->config);
	free(context->templates);
	free(context->user_agent);
	free(context->database_path);
	free(context->courier_lock);
	*context = (struct context){0};
}

bool context_unknown_page(const struct context *context, const char *name)
{
	const struct config *config = context->config;
	const char **names = memory_zero(config->page_count, sizeof *names);
	const char *nearest;

	for (size_t i = 0; i < config->page_count; i++)
		names[i] = config->pages[i].name;
	nearest = text_nearest(name, names, config->page_count);
	fprintf(stderr, "lampwatch: %s: no page \"%s\"%s%s%s\n", config->path, name,
		nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "\"?" : "");
	free(names);
	return false;
}
