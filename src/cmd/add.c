/* SPDX-License-Identifier: ISC
 *
 * lampwatch add: finds out what kind of page an address is, shows what it says,
 * and adds it to the configuration.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/text.h"
#include "cmd/add_list.h"
#include "cmd/add_name.h"
#include "cmd/add_print.h"
#include "cmd/add_probe.h"
#include "cmd/add_target.h"
#include "cmd/catalogue.h"
#include "cmd/command.h"
#include "cmd/page_word.h"
#include "config/config.h"
#include "config/config_edit.h"
#include "net/http.h"
#include "run/context.h"
#include "run/detect.h"
#include "run/print.h"

/* What the command line says, and what is found. */
struct addition {
	const struct options *options;
	const struct context *context;
	const char *word;      /* address, name or file */
	const char *templates; /* folder */
	struct add_target target;
	const struct catalogue *catalogue;
	struct buffer body;                    /* of a saved page */
	const struct catalogue_entry *service; /* of the catalogue; NULL: it is in none */
	struct kind_list kinds;
	struct kind *kind; /* owned; of --kind */
	struct detection detection;
	char *page_name; /* owned */
	char *guessed;   /* owned; the address of a host name, NULL where the word is none */
	const struct page_config *watched; /* the page is this one already */
};

/* Tries the kind that the catalogue names; false where it names none, or the page no longer fits
 * it. */
static bool detect_service(struct addition *addition)
{
	struct error error;

	for (size_t i = 0; i < addition->kinds.count; i++) {
		if (!text_equal(addition->service->kind, kind_name(addition->kinds.list[i])))
			continue;
		if (detect_kind(addition->context, addition->service->url, addition->kinds.list[i],
			    &addition->detection, &error))
			return true;
		detection_release(&addition->detection);
		if (error.remedy == REMEDY_PAGE)
			fprintf(stderr, "lampwatch add: the catalogue is out of date: %s\n",
				error.text);
	}
	return false;
}

static int detect_url(struct addition *addition, const char *url)
{
	struct error error = {0};
	bool good;

	if (addition->kind != NULL)
		good = detect_kind(
			addition->context, url, addition->kind, &addition->detection, &error);
	else
		good = (addition->service != NULL && detect_service(addition)) ||
		       detect_address(addition->context, url, &addition->kinds,
			       &addition->detection, &error);
	return good ? EXIT_DONE : page_word_complain("add", addition->word, &error);
}

/* A saved page is only examined: it has no address that could be watched. */
static int detect_file(struct addition *addition)
{
	struct document document;
	struct error error = {0};
	bool good;

	if (!addition->options->dry_run) {
		fprintf(stderr, "lampwatch add: %s is a file; --dry-run says what it is\n",
			addition->word);
		return EXIT_USAGE;
	}
	/* Standard input has been read. */
	good = strcmp(addition->word, "-") == 0 ||
	       page_word_read(addition->word, &addition->body, &error);
	if (good) {
		document = (struct document){buffer_string(&addition->body), addition->body.length};
		good = detect_document(addition->context->readers,
			addition->options->url != NULL ? addition->options->url : "", &document,
			&addition->kinds, READER_MILLISECONDS, &addition->detection, &error);
	}
	return good ? EXIT_DONE : page_word_complain("add", addition->word, &error);
}

static int detect(struct addition *addition)
{
	const char *folder =
		addition->target.config != NULL ? addition->target.config->kinds : NULL;
	const char *word = addition->word;

	if (addition->options->kind != NULL) {
		int status = kind_choose("add", addition->templates, folder,
			addition->options->kind, NULL, &addition->kind);

		if (status != EXIT_DONE)
			return status;
	}
	kind_list_load(addition->templates, folder, &addition->kinds);
	if (page_word_is_address(word)) {
		addition->service = catalogue_at(addition->catalogue, word);
		return detect_url(addition, word);
	}
	addition->service = catalogue_find(addition->catalogue, word);
	if (addition->service != NULL)
		return detect_url(addition, addition->service->url);
	if (strcmp(word, "-") == 0 || !file_absent(word))
		return detect_file(addition);
	addition->guessed = page_word_guess(word);
	if (addition->guessed != NULL) {
		addition->service = catalogue_at(addition->catalogue, addition->guessed);
		return detect_url(addition, addition->guessed);
	}
	print_unknown(addition->catalogue, word,
		"is neither an address (https://...) nor in the catalogue");
	return EXIT_USAGE;
}

/* As it is asked for; else after the service, the host, or what the page calls itself. */
static int name_page(struct addition *addition)
{
	const struct detection *detection = &addition->detection;
	const char *title = detection->chosen->reading.title, *asked = addition->options->name;

	if (asked != NULL && add_target_has(&addition->target, asked))
		return EXIT_USAGE;
	if (asked != NULL)
		addition->page_name = memory_string(asked);
	else if (addition->service != NULL)
		addition->page_name = name_of_text(addition->service->name);
	else if (detection->url[0] != '\0')
		addition->page_name = name_of_address(detection->url);
	else
		addition->page_name = name_of_text(title != NULL ? title : "");
	if (asked == NULL)
		addition->page_name = name_unique(addition->target.config, addition->page_name);
	return EXIT_DONE;
}

/* Subscribers whose mail is hosted by the watched provider should have a second address. */
static void print_advice(const struct addition *addition)
{
	const struct catalogue_entry *service = addition->service;
	const struct config *config = addition->target.config;

	for (size_t i = 0; service != NULL && config != NULL && i < config->subscriber_count; i++) {
		const struct subscriber_config *subscriber = &config->subscribers[i];
		const char *at = strchr(subscriber->mail, '@');

		if (at == NULL || subscriber->second != NULL ||
			!text_list_has(&service->mail, at + 1))
			continue;
		printf("%s:%d: %s\n  also gets its mail from %s: give it a \"second\"\n",
			addition->target.path, subscriber->line, subscriber->mail, service->name);
	}
}

static void page_lines(const struct addition *addition, const char *url, struct buffer *lines)
{
	const char *provider = addition->options->provider;

	if (provider == NULL && addition->service != NULL)
		provider = addition->service->provider;
	add_target_page_lines(lines, addition->page_name, url,
		kind_name(addition->detection.chosen->kind), provider);
}

static int add_page(const struct addition *addition)
{
	const struct detection *detection = &addition->detection;
	char *public = http_url_public(detection->url);
	struct buffer lines = {0}, shown = {0};
	int status;

	page_lines(addition, detection->url[0] != '\0' ? detection->url : "(its address)", &lines);
	page_lines(addition, public, &shown);
	status = add_target_add(&addition->target, addition->page_name,
		&(struct config_member){"pages", buffer_string(&lines)},
		&(struct config_member){"pages", buffer_string(&shown)});
	if (status == EXIT_DONE && add_target_changes(&addition->target) &&
		addition->context->invocation->verbosity >= 0)
		print_advice(addition);
	buffer_release(&lines);
	buffer_release(&shown);
	free(public);
	return status;
}

static int find_and_add(struct addition *addition)
{
	int verbosity = addition->context->invocation->verbosity;
	int status = add_target_load(&addition->target);

	if (status == EXIT_DONE)
		status = detect(addition);
	if (status != EXIT_DONE)
		return status;
	if (addition->detection.ambiguous) {
		print_ambiguous(addition->word, &addition->detection);
		return EXIT_USAGE;
	}
	if (verbosity >= 0)
		print_detection(addition->word, &addition->detection, verbosity > 0);
	addition->watched = add_target_page(&addition->target, addition->detection.url,
		addition->detection.chosen->kind, addition->detection.chosen->address);
	if (addition->watched != NULL)
		return EXIT_DONE;
	status = name_page(addition);
	return status == EXIT_DONE ? add_page(addition) : status;
}

static void print_watched(const struct addition *addition)
{
	printf("%s:%d: watched already, as \"%s\"\n", addition->target.path,
		addition->watched->line, addition->watched->name);
}

static int add_word(struct addition *addition)
{
	int status = find_and_add(addition);

	if (addition->watched != NULL)
		print_watched(addition);
	return status;
}

static struct addition addition_of(const struct context *context, const struct options *options,
	const struct catalogue *catalogue, const char *word)
{
	return (struct addition){.context = context,
		.options = options,
		.word = word,
		.templates = context->templates,
		.catalogue = catalogue,
		.target = {.invocation = context->invocation, .options = options}};
}

static void addition_release(struct addition *addition)
{
	detection_release(&addition->detection);
	kind_list_release(&addition->kinds);
	kind_free(addition->kind);
	add_target_release(&addition->target);
	buffer_release(&addition->body);
	free(addition->page_name);
	free(addition->guessed);
}

/* What became of an entry of a list, on a line of its own: a comment where the lines that watch a
 * page are printed. */
static void print_outcome(const struct addition *addition, int status, int same)
{
	bool changes = add_target_changes(&addition->target);

	print_entry(addition->word, !changes);
	if (same != 0)
		printf("the same as line %d\n", same);
	else if (status != EXIT_DONE)
		puts("not added");
	else if (addition->watched != NULL)
		print_watched(addition);
	else
		printf("%s \"%s\", kind %s\n", changes ? "added as" : "the lines above watch it as",
			addition->page_name, kind_name(addition->detection.chosen->kind));
	fflush(stdout);
}

static int add_entry(void *context, const char *word, int same)
{
	const struct addition *list = context;
	struct addition addition = addition_of(list->context, list->options, list->catalogue, word);
	int status = same != 0 ? add_target_load(&addition.target) : find_and_add(&addition);

	print_outcome(&addition, status, same);
	addition_release(&addition);
	return status;
}

/* Each entry has one line of its own, and no more. */
static int add_list(struct addition *addition)
{
	const struct context *context = addition->context;
	struct context quiet = *context;
	struct invocation invocation = *quiet.invocation;
	int status;

	if (addition->options->name != NULL || addition->options->url != NULL)
		return usage_error(&invocation);
	invocation.verbosity = -1;
	quiet.invocation = &invocation;
	addition->context = &quiet;
	status = add_list_each(addition->catalogue, &addition->body, add_entry, addition);
	addition->context = context;
	return status;
}

/* A list, or a saved page. */
static int add_input(struct addition *addition)
{
	struct error error;

	if (!page_word_read("-", &addition->body, &error))
		return page_word_complain("add", "-", &error);
	return add_list_is(&addition->body) ? add_list(addition) : add_word(addition);
}

static int search(
	const struct catalogue *services, const struct catalogue *probes, const char *word)
{
	bool found = print_services(services, word);
	char *visible;

	found = print_probes(probes, word) || found;
	if (found)
		return EXIT_DONE;
	visible = text_visible_copy(word);
	fprintf(stderr,
		"lampwatch add: no service of the catalogue has \"%s\" in its name or "
		"address; add takes any address (https://...)\n",
		visible);
	free(visible);
	return EXIT_PENDING;
}

/* A page, --search and --probe exclude one another; a probe has no address and no kind. */
static bool makes_sense(const struct options *options, const char *word)
{
	return (word != NULL) + (options->search != NULL) + (options->probe != NULL) == 1 &&
	       (options->probe == NULL || (options->kind == NULL && options->url == NULL));
}

int command_add(struct context *context, const struct options *options, char **words)
{
	struct catalogue services = {0}, probes = {0};
	struct addition addition = addition_of(context, options, &services, words[0]);
	struct problems problems = {0};
	int status;

	if (!makes_sense(options, words[0]))
		return usage_error(context->invocation);
	if (options->name != NULL && !text_is_name(options->name)) {
		fprintf(stderr, "lampwatch add: a page's name has the form [a-z0-9][a-z0-9._-]*\n");
		return EXIT_USAGE;
	}
	if (!catalogue_load(addition.templates, CATALOGUE_PAGES, &services, &problems) ||
		!catalogue_load(addition.templates, CATALOGUE_PROBES, &probes, &problems)) {
		problems_print(&problems);
		status = problems_status(&problems);
	} else if (options->search != NULL) {
		status = search(&services, &probes, options->search);
	} else if (options->probe != NULL) {
		status = add_probe(&addition.target, addition.templates, &probes, &services);
	} else if (strcmp(addition.word, "-") == 0) {
		status = add_input(&addition);
	} else {
		status = add_word(&addition);
	}
	problems_release(&problems);
	addition_release(&addition);
	catalogue_release(&services);
	catalogue_release(&probes);
	return status;
}
