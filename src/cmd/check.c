/* SPDX-License-Identifier: ISC
 *
 * lampwatch check: the configuration, every error with its line.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/catalogue.h"
#include "cmd/command.h"
#include "cmd/lint.h"
#include "cmd/lint_templates.h"
#include "config/config.h"
#include "run/kinds.h"
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

static bool no_words(int argc, char **argv)
{
	static const struct option options[] = {{0}};

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return false;
	if (optind < argc)
		fprintf(stderr, "lampwatch check: takes no words, but \"%s\" stands there\n",
			argv[optind]);
	return optind >= argc;
}

/* What the tables of this program say of the names that stand there. */
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

int command_check(struct invocation *invocation, int argc, char **argv)
{
	struct problems problems = {0};
	struct config *config = NULL;
	struct kind_set *kinds = NULL;
	char *path, *templates = file_templates();
	bool good;

	if (!no_words(argc, argv)) {
		free(templates);
		return EXIT_USAGE;
	}
	path = config_find(invocation->config_path);
	if (path == NULL)
		fprintf(stderr, "lampwatch: no lampwatch.yaml here or in /etc/lampwatch; -c FILE "
				"names another\n");
	else
		config = config_read(path, &problems);
	if (config != NULL) {
		kinds = kind_set_load(config, templates, &problems);
		lint_names(config, templates, &problems);
		lint_templates(config, templates, &problems);
	}
	problems_print(&problems);
	good = kinds != NULL && problems.errors == 0;
	if (good && invocation->verbosity > 0)
		print_found(config);
	problems_release(&problems);
	kind_set_free(kinds);
	config_free(config);
	free(path);
	free(templates);
	return good ? EXIT_DONE : EXIT_USAGE;
}
