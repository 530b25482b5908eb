/* SPDX-License-Identifier: ISC
 *
 * lampwatch check: reports every error of the configuration, with its line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "cmd/catalogue.h"
#include "cmd/command.h"
#include "cmd/lint.h"
#include "cmd/lint_templates.h"
#include "config/config.h"
#include "run/context.h"
#include "run/kinds.h"
#include "run/last_good.h"
#include "run/print.h"
#include "tell/providers.h"

static void print_count(const char *separator, size_t count, const char *what)
{
	printf("%s%zu %s%s", separator, count, what, count == 1 ? "" : "s");
}

static void print_found(const struct config *config)
{
	printf("%s: ", config->path);
	print_count("", config->page_count, "page");
	print_count(", ", config->route_count, "route");
	print_count(", ", config->subscriber_count, "subscriber");
	print_count(", ", config->webhook_count, "webhook");
	putchar('\n');
}

/* Checks the names in the configuration against the catalogue and the table of providers. */
static void lint_names(
	const struct config *config, const char *templates, struct problems *problems)
{
	struct catalogue catalogue = {0};
	struct providers *providers = providers_load(templates, problems);

	if (catalogue_load(templates, &catalogue, problems) && providers != NULL)
		lint(config, providers, &catalogue, problems);
	catalogue_release(&catalogue);
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

int command_check(struct context *context, const struct options *options, char **words)
{
	const char *templates = context->templates;
	struct problems problems = {0};
	struct config *config = NULL;
	struct kind_set *kinds = NULL;
	char *path;
	int status;
	bool good;

	(void)options;
	if (words[0] != NULL) {
		fprintf(stderr, "lampwatch check: takes no arguments, but got \"%s\"\n", words[0]);
		return EXIT_USAGE;
	}
	path = config_find(context->invocation->config_path);
	if (path == NULL)
		fprintf(stderr, "lampwatch: no lampwatch.yaml here or in /etc/lampwatch; -c FILE "
				"names another\n");
	else if (context_identify(context, path) != EXIT_DONE)
		problems.local++;
	else
		config = config_read(path, &problems);
	if (config != NULL) {
		kinds = kind_set_load(config, templates, &problems);
		lint_names(config, templates, &problems);
		lint_templates(config, templates, &problems);
	}
	problems_print(&problems);
	status = kinds != NULL ? EXIT_DONE : EXIT_USAGE;
	status = exit_status_worse(status, problems_status(&problems));
	good = status == EXIT_DONE;
	if (good && context->invocation->verbosity > 0)
		print_found(config);
	if (path != NULL && (good ? context->invocation->verbosity > 0 : !file_absent(path)))
		print_in_force(context, path, config, good);
	problems_release(&problems);
	kind_set_free(kinds);
	config_free(config);
	free(path);
	return status;
}
