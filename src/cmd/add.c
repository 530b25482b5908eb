/* SPDX-License-Identifier: ISC
 *
 * lampwatch add: finds out what kind of page an address is, shows what it says,
 * and adds it to the configuration.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/text.h"
#include "cmd/add_name.h"
#include "cmd/add_print.h"
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
	const struct invocation *invocation;
	const struct options *options;
	const struct context *context;
	const char *word;      /* address, name or file */
	const char *templates; /* folder */
	char *config_path;     /* owned; NULL: there is no configuration */
	struct config *config; /* owned */
	struct catalogue catalogue;
	const struct catalogue_entry *service; /* of the catalogue; NULL: it is in none */
	struct kind_list kinds;
	struct kind *kind; /* owned; of --kind */
	struct detection detection;
	char *page_name; /* owned */
	char *guessed;   /* owned; the address of a host name, NULL where the word is none */
};

/* Without a configuration there is no error: the lines for a new one are printed. */
static int load_config(struct addition *addition)
{
	struct problems problems = {0};
	int status;

	addition->config_path = config_find(addition->invocation->config_path);
	if (addition->config_path == NULL)
		return EXIT_DONE;
	addition->config = config_load(addition->config_path, NULL, &problems);
	if (problems.errors > 0)
		problems_print(&problems);
	status = problems_status(&problems);
	problems_release(&problems);
	return status;
}

/* Tries the kind that the catalogue names; false where the page no longer fits it. */
static bool detect_service(struct addition *addition)
{
	struct error error;

	for (size_t i = 0; i < addition->kinds.count; i++) {
		if (strcmp(kind_name(addition->kinds.list[i]), addition->service->kind) != 0)
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
	struct buffer body = {0};
	struct document document;
	struct error error = {0};
	bool good;

	if (!addition->options->dry_run) {
		fprintf(stderr, "lampwatch add: %s is a file; --dry-run says what it is\n",
			addition->word);
		return EXIT_USAGE;
	}
	good = page_word_read(addition->word, &body, &error);
	if (good) {
		document = (struct document){buffer_string(&body), body.length};
		good = detect_document(addition->context->readers,
			addition->options->url != NULL ? addition->options->url : "", &document,
			&addition->kinds, READER_MILLISECONDS, &addition->detection, &error);
	}
	buffer_release(&body);
	return good ? EXIT_DONE : page_word_complain("add", addition->word, &error);
}

static int detect(struct addition *addition)
{
	const char *folder = addition->config != NULL ? addition->config->kinds : NULL;
	const char *word = addition->word, *nearest;
	char *visible;

	if (addition->options->kind != NULL) {
		int status = kind_choose("add", addition->templates, folder,
			addition->options->kind, NULL, &addition->kind);

		if (status != EXIT_DONE)
			return status;
	}
	kind_list_load(addition->templates, folder, &addition->kinds);
	if (page_word_is_address(word)) {
		addition->service = catalogue_at(&addition->catalogue, word);
		return detect_url(addition, word);
	}
	addition->service = catalogue_find(&addition->catalogue, word);
	if (addition->service != NULL)
		return detect_url(addition, addition->service->url);
	if (strcmp(word, "-") == 0 || !file_absent(word))
		return detect_file(addition);
	addition->guessed = page_word_guess(word);
	if (addition->guessed != NULL) {
		addition->service = catalogue_at(&addition->catalogue, addition->guessed);
		return detect_url(addition, addition->guessed);
	}
	nearest = catalogue_nearest(&addition->catalogue, word);
	visible = text_visible_copy(word);
	fprintf(stderr,
		"lampwatch add: \"%s\" is neither an address (https://...) nor in the "
		"catalogue%s%s%s\n",
		visible,
		nearest != NULL ? "; did you mean \"" : "; add --search looks for a part of a name",
		nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
	free(visible);
	return EXIT_USAGE;
}

/* The page of the configuration that is read from the same address, however its own is written;
 * else NULL. */
static const struct page_config *watched(const struct addition *addition)
{
	const struct fitting *chosen = addition->detection.chosen;
	const struct config *config = addition->config;

	for (size_t i = 0; config != NULL && i < config->page_count; i++) {
		const struct page_config *page = &config->pages[i];
		char *address = NULL;
		bool same = address_same(page->url, addition->detection.url) ||
			    (text_equal(page->kind, kind_name(chosen->kind)) &&
				    kind_document_address(
					    chosen->kind, 0, page->url, NULL, &address, NULL) &&
				    address_same(address, chosen->address));

		free(address);
		if (same)
			return page;
	}
	return NULL;
}

/* As it is asked for; else after the service, the host, or what the page calls itself. */
static int name_page(struct addition *addition)
{
	const struct detection *detection = &addition->detection;
	const char *title = detection->chosen->reading.title, *asked = addition->options->name;
	const struct page_config *page = NULL;

	if (asked != NULL && addition->config != NULL)
		page = config_page(addition->config, asked);
	if (page != NULL) {
		char *url = http_url_public(page->url);

		fprintf(stderr, "lampwatch add: %s:%d: the page \"%s\" exists already: %s\n",
			addition->config_path, page->line, page->name, url);
		free(url);
		return EXIT_USAGE;
	}
	if (asked != NULL)
		addition->page_name = memory_string(asked);
	else if (addition->service != NULL)
		addition->page_name = name_of_text(addition->service->name);
	else if (detection->url[0] != '\0')
		addition->page_name = name_of_address(detection->url);
	else
		addition->page_name = name_of_text(title != NULL ? title : "");
	if (asked == NULL)
		addition->page_name = name_unique(addition->config, addition->page_name);
	return EXIT_DONE;
}

static void print_member(const struct config_member *member)
{
	struct buffer lines = {0};

	config_member_write(member, &lines);
	fputs(buffer_string(&lines), stdout);
	buffer_release(&lines);
}

/* Subscribers whose mail is hosted by the watched provider should have a second address. */
static void print_advice(const struct addition *addition)
{
	const struct catalogue_entry *service = addition->service;
	const struct config *config = addition->config;

	for (size_t i = 0; service != NULL && config != NULL && i < config->subscriber_count; i++) {
		const struct subscriber_config *subscriber = &config->subscribers[i];
		const char *at = strchr(subscriber->mail, '@');

		if (at == NULL || subscriber->second != NULL ||
			!text_list_has(&service->mail, at + 1))
			continue;
		printf("%s:%d: %s\n  also gets its mail from %s: give it a \"second\"\n",
			addition->config_path, subscriber->line, subscriber->mail, service->name);
	}
}

/* Whether the new text is a valid configuration that has one page more than the old one. */
static bool check_result(const struct addition *addition, const struct buffer *text)
{
	struct problems problems = {0};
	struct config *config =
		config_parse(addition->config_path, buffer_string(text), text->length, &problems);
	const struct page_config *page =
		config != NULL ? config_page(config, addition->page_name) : NULL;
	bool good = page != NULL && config->page_count == addition->config->page_count + 1;

	if (!good)
		problems_print(&problems);
	problems_release(&problems);
	config_free(config);
	return good;
}

/* Mode and owner stay: the file is read by the user that cron runs us as. */
static bool replace_file(const char *path, const struct buffer *text, struct error *error)
{
	struct stat status = {.st_mode = 0600};
	mode_t mask;
	bool good;

	stat(path, &status);
	mask = umask(0);
	good = file_write(path, buffer_string(text), text->length, status.st_mode & 07777, error);
	umask(mask);
	if (good && status.st_uid != geteuid() && chown(path, status.st_uid, status.st_gid) != 0)
		fprintf(stderr,
			"lampwatch add: warning: %s: the owner of the file could not be kept\n",
			path);
	return good;
}

/* shown: the member as it is printed, without secrets. */
static int write_config(const struct addition *addition, const char *path,
	const struct config_member *member, const struct config_member *shown)
{
	struct buffer text = {.maximum = YAML_FILE_MAX}, edited = {.maximum = YAML_FILE_MAX};
	struct error error = {.text = "the page cannot be added"};
	int line = 0, status = EXIT_USAGE;

	if (!file_read(path, &text, &error)) {
		fprintf(stderr, "lampwatch add: %s\n", error.text);
	} else if (!config_edit_add(path, buffer_string(&text), text.length, member, &edited, &line,
			   &error) ||
		   edited.overflowed || !check_result(addition, &edited)) {
		fprintf(stderr,
			"lampwatch add: %s: %s. Not changed; these lines belong under "
			"\"%s:\":\n",
			addition->config_path, error.text, member->section);
		print_member(member);
	} else if (!replace_file(path, &edited, &error)) {
		fprintf(stderr, "lampwatch add: %s\n", error.text);
		status = EXIT_LOCAL;
	} else {
		status = EXIT_DONE;
		if (addition->invocation->verbosity >= 0) {
			printf("Added to %s, line %d:\n", addition->config_path, line);
			print_member(shown);
		}
	}
	buffer_release(&text);
	buffer_release(&edited);
	return status;
}

static void page_lines(const struct addition *addition, const char *url, struct buffer *lines)
{
	const char *provider = addition->options->provider;

	if (provider == NULL && addition->service != NULL)
		provider = addition->service->provider;
	config_member_key(lines, "name", addition->page_name);
	config_member_key(lines, "url", url);
	config_member_key(lines, "kind", kind_name(addition->detection.chosen->kind));
	if (!text_equal(provider, addition->page_name))
		config_member_key(lines, "provider", provider);
}

static int add_page(const struct addition *addition)
{
	bool quiet = addition->invocation->verbosity < 0;
	const struct detection *detection = &addition->detection;
	char *public = http_url_public(detection->url), *path;
	struct buffer lines = {0}, shown = {0};
	int status;

	page_lines(addition, detection->url[0] != '\0' ? detection->url : "(its address)", &lines);
	page_lines(addition, public, &shown);
	free(public);
	const struct config_member member = {"pages", buffer_string(&lines)},
				   printed = {"pages", buffer_string(&shown)};
	if (addition->options->dry_run || addition->config == NULL) {
		if (!quiet)
			puts(addition->config == NULL && !addition->options->dry_run
					? "There is no lampwatch.yaml yet. These lines in one "
					  "watch the page:\n\npages:"
					: "Not added. These lines under \"pages:\" watch it:");
		print_member(&member);
		status = EXIT_DONE;
	} else {
		/* A symbolic link stays one. */
		path = realpath(addition->config_path, NULL);
		status = write_config(
			addition, path != NULL ? path : addition->config_path, &member, &printed);
		free(path);
		if (status == EXIT_DONE && !quiet)
			print_advice(addition);
	}
	buffer_release(&lines);
	buffer_release(&shown);
	return status;
}

static int find_and_add(struct addition *addition)
{
	const struct page_config *page;
	int status = load_config(addition);

	if (status == EXIT_DONE)
		status = detect(addition);
	if (status != EXIT_DONE)
		return status;
	if (addition->detection.ambiguous) {
		print_ambiguous(addition->word, &addition->detection);
		return EXIT_USAGE;
	}
	if (addition->invocation->verbosity >= 0)
		print_detection(
			addition->word, &addition->detection, addition->invocation->verbosity > 0);
	page = watched(addition);
	if (page != NULL) {
		printf("%s:%d: watched already, as \"%s\"\n", addition->config_path, page->line,
			page->name);
		return EXIT_DONE;
	}
	status = name_page(addition);
	return status == EXIT_DONE ? add_page(addition) : status;
}

int command_add(struct context *context, const struct options *options, char **words)
{
	struct addition addition = {.invocation = context->invocation,
		.context = context,
		.options = options,
		.word = words[0],
		.templates = context->templates};
	struct problems problems = {0};
	int status = EXIT_USAGE;

	if ((words[0] != NULL) == (options->search != NULL))
		return usage_error(context->invocation);
	if (options->name != NULL && !text_is_name(options->name)) {
		fprintf(stderr, "lampwatch add: a page's name has the form [a-z0-9][a-z0-9._-]*\n");
		return EXIT_USAGE;
	}
	if (!catalogue_load(addition.templates, &addition.catalogue, &problems)) {
		problems_print(&problems);
		status = problems_status(&problems);
	} else if (options->search == NULL) {
		status = find_and_add(&addition);
	} else if (print_services(&addition.catalogue, options->search)) {
		status = EXIT_DONE;
	} else {
		char *visible = text_visible_copy(options->search);

		fprintf(stderr,
			"lampwatch add: no service of the catalogue has \"%s\" in its name or "
			"address; add takes any address (https://...)\n",
			visible);
		free(visible);
		status = EXIT_PENDING;
	}
	problems_release(&problems);
	detection_release(&addition.detection);
	kind_list_release(&addition.kinds);
	kind_free(addition.kind);
	catalogue_release(&addition.catalogue);
	config_free(addition.config);
	free(addition.config_path);
	free(addition.page_name);
	free(addition.guessed);
	return status;
}
