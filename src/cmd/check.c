/* SPDX-License-Identifier: ISC
 *
 * lampwatch check: reports every error of the configuration, with its line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cmd/catalogue.h"
#include "cmd/command.h"
#include "cmd/lint.h"
#include "cmd/lint_templates.h"
#include "config/config.h"
#include "config/config_schema.h"
#include "run/context.h"
#include "run/kinds.h"
#include "run/last_good.h"
#include "run/print.h"
#include "run/schema.h"
#include "run/survey.h"
#include "run/terminal.h"
#include "store/meaning.h"
#include "store/store.h"
#include "tell/providers.h"
#include "tell/receivers.h"
#include "tell/subscribers.h"

static void print_count(const char *separator, size_t count, const char *what)
{
	printf("%s%zu %s%s", separator, count, what, count == 1 ? "" : "s");
}

static void print_found(const struct config *config)
{
	const size_t probes = config_probe_count(config);

	printf("%s: ", config->path);
	print_count("", config->page_count - probes, "page");
	if (probes > 0)
		print_count(", ", probes, "probe");
	print_count(", ", config->route_count, "route");
	print_count(", ", config->subscriber_count, "subscriber");
	print_count(", ", config->webhook_count, "webhook");
	putchar('\n');
}

/* Checks the names in the configuration against the catalogue and the table of providers, and that
 * these and the table of probes can be read. */
static void lint_names(
	const struct config *config, const char *templates, struct problems *problems)
{
	struct catalogue catalogue = {0}, probes = {0};
	struct providers *providers = providers_load(templates, problems);

	catalogue_load(templates, CATALOGUE_PROBES, &probes, problems);
	if (catalogue_load(templates, CATALOGUE_PAGES, &catalogue, problems) && providers != NULL)
		lint(config, providers, &catalogue, problems);
	catalogue_release(&catalogue);
	catalogue_release(&probes);
	providers_free(providers);
}

/* Which configuration runs work with; of one that is good only where more is asked for. */
static void print_in_force(
	const struct context *context, const char *path, const struct config *config, bool good)
{
	struct last_good copy = {0};
	struct error error;
	bool found = last_good_find(path, &copy, &error);
	char since[DATE_TEXT_MAX];

	date_write(copy.since, since);
	if (good && found && last_good_is(&copy, config, context->templates))
		printf("%s: in force since %s\n", path, since);
	else if (good && found)
		printf("%s: in force from the next run on\n", path);
	else if (found)
		fprintf(stderr,
			"lampwatch: %s: not in force; runs go on with the last good one, that of "
			"%s: %s/lampwatch.yaml\n",
			path, since, copy.folder);
	else if (!good && error.remedy != 0)
		fprintf(stderr,
			"lampwatch: %s: whether runs go on with an older one cannot be seen: %s\n",
			path, error.text);
	last_good_release(&copy);
}

/* ---- what the last readings say of it ---- */

/* In a text, a list or a map of them, key or value: the node that is the text. */
static bool find_text(struct node node, const char *text, struct node *found)
{
	if (node_type(node) == NODE_MAP) {
		for (size_t i = 0; i < node_count(node); i++)
			if (find_text(node_key(node, i), text, found) ||
				find_text(node_value(node, i), text, found))
				return true;
		return false;
	}
	for (size_t i = 0; node_type(node) == NODE_LIST && i < node_count(node); i++)
		if (find_text(node_member(node, i), text, found))
			return true;
	if (!text_equal(node_text(node), text))
		return false;
	*found = node;
	return true;
}

/* The page's own, and of its depends_on the cause, of which the finding says "CAUSE: PATTERN". */
static struct node place_on_page(struct node member, const char *item)
{
	const char *end = strstr(item, ": ");
	char *cause = memory_bytes(item, end != NULL ? (size_t)(end - item) : strlen(item));
	struct node found = member;

	if (!find_text(node_find(member, "indicators"), item, &found) &&
		!find_text(node_find(member, "depends_on"), item, &found))
		find_text(node_find(member, "depends_on"), cause, &found);
	free(cause);
	return found;
}

/* The node that a finding is about, for its line: the pattern, where it is the configuration's,
 * else the page. */
static struct node place_of(const struct config *config, const struct finding *finding)
{
	static const char *const watched[] = {"pages", "probes"}, *const told[] = {"subscribers",
									  "webhooks"};
	bool own = finding->page[0] != '\0';
	const char *pattern = strstr(finding->item, ": ");
	struct node found = {0};

	for (size_t i = 0; i < 2; i++) {
		struct node section =
			node_find(yaml_root(config->yaml), own ? watched[i] : told[i]);

		for (size_t j = 0; j < node_count(section); j++) {
			struct node member = node_member(section, j);

			if (own && text_equal(node_text(node_find(member, "name")), finding->page))
				return place_on_page(member, finding->item);
			if (!own && pattern != NULL &&
				find_text(node_find(member, "indicators"), pattern + 2, &found))
				return found;
		}
	}
	return found;
}

static void warn(
	const struct config *config, const struct findings *findings, struct problems *problems)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		problems_warn(problems, config->path, node_line(place_of(config, finding)),
			"%s%s%s", finding->page, finding->page[0] != '\0' ? ": " : "",
			finding->text);
	}
}

/* Something of this machine's, and no mistake of the file's. */
static void add_local(
	const struct config *config, struct problems *problems, const struct error *error)
{
	problems_add(problems, config->path, 0, "what the pages said last is not looked at: %s",
		error->text);
	problems->local++;
}

static void survey(const struct config *config, const struct kind_set *kinds,
	struct database *database, struct problems *problems)
{
	struct subscribers subscribers = {0};
	struct receivers receivers = {0};
	struct meanings meanings = {0};
	struct page_states states = {0};
	struct findings findings = {0};
	struct survey survey = {config, kinds, database, &states, &receivers, &meanings};
	struct error error;

	receivers_of_config(config, &receivers);
	subscribers_load(database, &subscribers);
	subscribers_apply(&subscribers, &receivers);
	meanings_load(database, &meanings);
	store_pages(database, &states);
	survey_patterns(&survey, &findings);
	survey_words(&survey, &findings);
	for (size_t i = 0; i < config->page_count; i++) {
		findings_load(database, config->pages[i].name, FINDING_ID, false, &findings);
		findings_load(database, config->pages[i].name, FINDING_RENAMED, false, &findings);
	}
	if (database_good(database, &error)) /* what was not read is not unknown */
		warn(config, &findings, problems);
	else
		add_local(config, problems, &error);
	findings_release(&findings);
	page_states_release(&states);
	meanings_release(&meanings);
	receivers_release(&receivers);
	subscribers_release(&subscribers);
}

/* Where there is an archive, what its pages said last is held against the configuration. */
static void survey_archive(
	const struct config *config, const struct kind_set *kinds, struct problems *problems)
{
	char *path = file_join(config->archive, ARCHIVE_STATE "/" STORE_FILE);
	struct database *database = NULL;
	struct error error;
	bool good = database_missing(path)
			    ? context_not_lost(config, path, &error)
			    : (database = database_open(path, schema, true, &error)) != NULL;

	if (database != NULL)
		survey(config, kinds, database, problems);
	else if (!good)
		add_local(config, problems, &error);
	database_close(database);
	free(path);
}

/* For editors; of no file. */
static int print_schema(void)
{
	struct value *form = config_schema();

	terminal_json(form);
	value_free(form);
	return EXIT_DONE;
}

int command_check(struct context *context, const struct options *options, char **words)
{
	const char *templates = context->templates;
	struct problems problems = {0};
	struct config *config = NULL;
	struct kind_set *kinds = NULL;
	struct yaml *parsed = NULL;
	char *path;
	int status;
	bool good = false; /* the configuration */

	if (options->schema)
		return print_schema();
	if (words[0] != NULL) {
		fprintf(stderr, "lampwatch check: takes no arguments, but got \"%s\"\n", words[0]);
		return EXIT_USAGE;
	}
	path = config_find(context->invocation->config_path);
	if (path == NULL)
		context_no_configuration();
	else if (context_identify(context, path, &parsed) == EXIT_DONE)
		config = config_read(path, parsed, &problems);
	else
		problems.local++;
	if (config != NULL) {
		kinds = kind_set_load(config, templates, &problems);
		lint_names(config, templates, &problems);
		lint_templates(config, templates, &problems);
		good = kinds != NULL && problems.errors == 0;
		if (good)
			survey_archive(config, kinds, &problems);
	}
	problems_print(&problems);
	status = kinds != NULL ? EXIT_DONE : EXIT_USAGE;
	status = exit_status_worse(status, problems_status(&problems));
	if (good && context->invocation->verbosity > 0)
		print_found(config);
	if (good && context->invocation->verbosity > 0)
		confinement_print(config, stdout);
	if (path != NULL && (good ? context->invocation->verbosity > 0 : !file_absent(path)))
		print_in_force(context, path, config, good);
	problems_release(&problems);
	kind_set_free(kinds);
	config_free(config);
	free(path);
	return status;
}
