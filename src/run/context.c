/* SPDX-License-Identifier: ISC */
#include "run/context.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/archive_owner.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/text.h"
#include "base/yaml.h"
#include "net/http.h"
#include "run/last_good.h"
#include "run/print.h"
#include "settings.h"
#include "run/schema.h"
#include "run/standby.h"
#include "store/store.h"
#include "tell/providers.h"

enum {
	RUN_WAIT_MILLISECONDS = 300000,
	READERS = 2,
	TURN_MILLISECONDS = 5000, /* of whoever gives way, until a run may go first */
	PAUSE_MILLISECONDS = 200, /* for it to take the lock */
};

static struct fork_server *start_fork_server(void)
{
	struct fork_server *server = memory_zero(1, sizeof *server);

	fork_server_start(server);
	return server;
}

static void end_fork_server(struct fork_server *server)
{
	if (server != NULL)
		fork_server_stop(server);
	free(server);
}

struct context context_new(
	const struct invocation *invocation, enum identity identity, enum forking forking)
{
	struct fork_server *server = NULL;

	if (forking == WITH_FORK_SERVER) {
		http_start(); /* once for all of them */
		server = start_fork_server();
	}
	return (struct context){.invocation = invocation,
		.identity = identity,
		.fork_server = server,
		.readers = server != NULL ? readers_new(server, READERS) : NULL,
		.templates = file_templates(),
		.run_lock = -1};
}

int context_identify(const struct context *context, const char *path, struct yaml **parsed)
{
	struct problems problems = {0}; /* whoever reads the rest will meet them again */
	struct error error;
	char *folder;
	bool good;

	*parsed = NULL;
	if (context->identity == AS_CALLER || geteuid() != 0)
		return EXIT_DONE;
	*parsed = yaml_load(path, &problems);
	problems_release(&problems);
	folder = *parsed != NULL ? config_archive(path, *parsed) : last_good_folder(path);
	good = folder == NULL ||
	       archive_owner_become(folder, context->identity == AS_OWNER, &error);
	free(folder);
	if (good)
		return EXIT_DONE;
	yaml_close(*parsed);
	*parsed = NULL;
	return error_print(&error);
}

/* Takes over the configuration. False where it, or what it names, is wrong. */
static bool take_configuration(
	struct context *context, struct config *config, struct problems *problems)
{
	context->config = config;
	if (config != NULL)
		context->kinds = kind_set_load(config, context->templates, problems);
	return context->kinds != NULL;
}

/*
 * While the file has a mistake, or cannot be opened. Where it is not there, somebody has taken it
 * away: nothing goes on. False where there is no copy that could; what is wrong with one is added.
 */
static bool take_last_good(struct context *context, const char *path, struct problems *mistakes)
{
	bool absent = mistakes->local == 0 && access(path, F_OK) != 0;
	struct problems problems = {0};
	struct last_good found;
	bool good;

	if (absent || !last_good_find(path, &found, NULL))
		return false;
	config_free(context->config);
	good = take_configuration(context, last_good_load(path, &found, &problems), &problems);
	if (!good)
		problems_add(mistakes, found.folder, 0,
			"the last good configuration cannot be used either: %s",
			problems.list[0].text);
	context->good_since = found.since;
	last_good_release(&found);
	problems_release(&problems);
	return good;
}

int context_no_configuration(void)
{
	fputs("lampwatch: no lampwatch.yaml here and none in /etc/lampwatch: `lampwatch init` "
	      "makes one, -c FILE names another\n",
		stderr);
	return EXIT_USAGE;
}

/* last_good: the copy may stand in for it. */
static int load_configuration(struct context *context, bool last_good)
{
	struct problems problems = {0};
	char *path = config_find(context->invocation->config_path);
	struct yaml *parsed;
	bool good;
	int status;

	if (path == NULL)
		return context_no_configuration();
	status = context_identify(context, path, &parsed);
	if (status != EXIT_DONE) {
		free(path);
		return status;
	}
	context->providers = providers_load(context->templates, &problems);
	good = take_configuration(context, config_load(path, parsed, &problems), &problems);
	if (!good && last_good && context->providers != NULL) {
		good = take_last_good(context, path, &problems);
		if (good) {
			context->mistakes = problems;
			problems = (struct problems){0};
		}
	}
	free(path);
	if (problems.errors > 0)
		problems_print(&problems);
	status = problems_status(&problems);
	problems_release(&problems);
	if (!good || context->providers == NULL)
		return status;
	webhook_urls_complete(context->config, context->templates);
	context->database_path = file_join(context->config->archive, ARCHIVE_STATE "/" STORE_FILE);
	context->courier_lock = file_join(context->config->archive, ARCHIVE_STATE "/courier.lock");
	context->user_agent = context->config->user_agent_contact != NULL
				      ? memory_format("lampwatch/" LAMPWATCH_VERSION " (+%s)",
						context->config->user_agent_contact)
				      : memory_string("lampwatch/" LAMPWATCH_VERSION);
	if (context->fork_server != NULL)
		context->attempts = start_fork_server();
	return EXIT_DONE;
}

bool context_make(const struct context *context, struct error *error)
{
	bool new = file_absent(context->config->archive);

	if (!archive_prepare(context->config->archive, error))
		return false;
	if (new &&geteuid() == 0 && context->invocation->verbosity >= 0)
		fputs("lampwatch: warning: runs as root; a user of its own is safer\n", stderr);
	return true;
}

/* pages: also where their snapshots belong. */
static int check_writable(const struct context *context, bool pages)
{
	struct error error;

	return archive_writable(context->config->archive, pages ? context->config : NULL,
		       context->invocation->clock, &error)
		       ? EXIT_DONE
		       : error_print(&error);
}

static int make_folders(const struct context *context)
{
	struct error error;

	return context_make(context, &error) ? EXIT_DONE : error_print(&error);
}

int context_prepare(const struct context *context)
{
	int status = check_writable(context, true);

	return status == EXIT_DONE ? make_folders(context) : status;
}

bool context_not_lost(const struct config *config, const char *database_path, struct error *error)
{
	char digest[DIGEST_TEXT];
	int64_t sequence;

	for (size_t i = 0; i < config->page_count; i++) {
		const char *page = config->pages[i].name;

		if (!archive_chain_tail(config->archive, page, &sequence, digest, error))
			return false;
		if (sequence > 0)
			return error_set(error, REMEDY_LOCAL,
				"%s: is lost: the archive has snapshots of %s; put it back, or "
				"`lampwatch rebuild` makes it from the archive's folders",
				database_path, page);
	}
	return true;
}

static int check_not_lost(const struct context *context)
{
	struct error error;

	return context_not_lost(context->config, context->database_path, &error)
		       ? EXIT_DONE
		       : error_print(&error);
}

/* Whether there is one: *status is EXIT_LOCAL after a line where that cannot be told. */
static bool has_database(const struct context *context, int *status)
{
	struct error error;
	enum file_presence presence = file_presence(context->database_path, &error);

	if (presence == FILE_PRESENT && database_missing(context->database_path))
		presence = FILE_ABSENT;
	*status = presence == FILE_ABSENT    ? check_not_lost(context)
		  : presence == FILE_PRESENT ? EXIT_DONE
					     : error_print(&error);
	return presence == FILE_PRESENT;
}

/* One that a run has made in place of a lost one, or that was put there, and knows of nothing. */
static int check_knows_anything(const struct context *context)
{
	char *standby = standby_in_use(context);
	struct page_states states = {0};
	int status = EXIT_DONE;

	if (standby != NULL && store_pages(context->database, &states) && states.count == 0)
		status = check_not_lost(context);
	page_states_release(&states);
	free(standby);
	return status;
}

static int take_database(struct context *context, struct database *database, struct error *error)
{
	context->database = database;
	if (database == NULL)
		return error_print(error);
	database_end_on_failure(database);
	return check_knows_anything(context);
}

int context_open_database(struct context *context)
{
	struct database *database;
	struct error error;
	int status;

	if (!has_database(context, &status))
		return status;
	database = database_open(context->database_path, schema, true, &error);
	if (database == NULL) /* on a full disk */
		database = database_open_alone(context->database_path, schema, true, NULL);
	return take_database(context, database, &error);
}

int context_open_to_write(struct context *context, bool make)
{
	struct error error;
	int status;

	if (!has_database(context, &status) && (status != EXIT_DONE || !make))
		return status;
	status = check_writable(context, false);
	if (status == EXIT_DONE)
		status = make_folders(context);
	return status == EXIT_DONE
		       ? take_database(context,
				 database_open(context->database_path, schema, false, &error),
				 &error)
		       : status;
}

/* While no run is at work. */
static int take_lock(struct context *context)
{
	char *path = file_join(context->config->archive, ARCHIVE_STATE "/run.lock");
	struct error error;

	context->run_lock = lock_take(path, false, RUN_WAIT_MILLISECONDS, &error);
	context->locked = clock_milliseconds();
	free(path);
	if (context->run_lock == LOCK_HELD)
		fputs("lampwatch: another run has been at work for more than five minutes; try "
		      "again\n",
			stderr);
	return context->run_lock >= 0           ? EXIT_DONE
	       : context->run_lock == LOCK_HELD ? EXIT_PENDING
						: error_print(&error);
}

int context_give_way(struct context *context)
{
	if (context->run_lock < 0 || clock_milliseconds() - context->locked < TURN_MILLISECONDS)
		return EXIT_DONE;
	lock_release(context->run_lock);
	poll(NULL, 0, PAUSE_MILLISECONDS);
	return take_lock(context);
}

/* What the archive's database says is older than what people were told. */
static void warn_of_standby(const struct context *context)
{
	char *standby = standby_in_use(context);

	if (standby != NULL && context->invocation->verbosity >= 0)
		fprintf(stderr,
			"lampwatch: warning: nothing can be kept; until that is mended runs go on "
			"with %s, and the archive knows only what was before\n",
			standby);
	free(standby);
}

int context_open(struct context *context, enum needs needs)
{
	int status = needs == NEEDS_NOTHING ? EXIT_DONE
					    : load_configuration(context, needs == NEEDS_LAST_GOOD);
	struct error error;

	if (status == EXIT_DONE && needs == NEEDS_DATABASE) {
		warn_of_standby(context);
		status = context_open_database(context);
	}
	if (status != EXIT_DONE || needs != NEEDS_TO_BE_ALONE)
		return status;
	status = check_writable(context, true);
	if (status != EXIT_DONE || !has_database(context, &status))
		return status;
	status = take_lock(context);
	return status == EXIT_DONE
		       ? take_database(context,
				 database_open(context->database_path, schema, false, &error),
				 &error)
		       : status;
}

struct database *context_outbox(void *context, struct error *error)
{
	const struct context *self = context;
	struct database *database;

	database_keep_from_children(); /* an attempt has no use for what else stands there */
	database = database_open(self->database_path, schema, false, error);

	return database != NULL ? database
				: database_open_alone(self->database_path, schema, false, NULL);
}

void context_close(struct context *context)
{
	readers_free(context->readers);
	end_fork_server(context->fork_server);
	end_fork_server(context->attempts);
	database_close(context->database);
	if (context->run_lock >= 0)
		lock_release(context->run_lock);
	kind_set_free(context->kinds);
	problems_release(&context->mistakes);
	providers_free(context->providers);
	config_free(context->config);
	free(context->templates);
	free(context->user_agent);
	free(context->database_path);
	free(context->courier_lock);
	*context = (struct context){.run_lock = -1};
}

static const struct page_config *find_named(
	const struct context *context, bool probe, const char *name)
{
	const struct config *config = context->config;
	const struct page_config *page = config_page(config, name);
	const char **names, *nearest;
	size_t count = 0;

	if (page != NULL)
		return page;
	names = memory_zero(config->page_count, sizeof *names);
	for (size_t i = 0; i < config->page_count; i++)
		if (!probe || config->pages[i].check_count > 0)
			names[count++] = config->pages[i].name;
	nearest = text_nearest(name, names, count);
	fprintf(stderr, "lampwatch: %s: no %s \"%s\"%s%s%s\n", config->path,
		probe ? "probe" : "page", name, nearest != NULL ? "; did you mean \"" : "",
		nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
	free(names);
	return NULL;
}

const struct page_config *context_page(const struct context *context, const char *name)
{
	return find_named(context, false, name);
}

const struct page_config *context_probe(const struct context *context, const char *name)
{
	return find_named(context, true, name);
}

int context_no_archive(const struct context *context)
{
	fprintf(stderr, "lampwatch: %s: there is no archive yet\n", context->config->archive);
	return EXIT_LOCAL;
}
