/* SPDX-License-Identifier: ISC */
#include "cmd/add_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cmd/catalogue.h"
#include "cmd/command.h"
#include "config/config.h"
#include "config/config_edit.h"
#include "net/http.h"
#include "run/print.h"
#include "watch/kind/kind.h"

int add_target_load(struct add_target *target)
{
	struct problems problems = {0};
	int status;

	target->path = config_find(target->invocation->config_path);
	if (target->path == NULL)
		return EXIT_DONE;
	target->config = config_load(target->path, NULL, &problems);
	if (problems.errors > 0)
		problems_print(&problems);
	status = problems_status(&problems);
	problems_release(&problems);
	return status;
}

void add_target_release(struct add_target *target)
{
	config_free(target->config);
	free(target->path);
}

bool add_target_has(const struct add_target *target, const char *name)
{
	const struct page_config *page =
		target->config != NULL ? config_page(target->config, name) : NULL;
	char *url;

	if (page == NULL)
		return false;
	url = http_url_public(page->url);
	fprintf(stderr, "lampwatch add: %s:%d: the %s \"%s\" exists already%s%s\n", target->path,
		page->line, page->check_count > 0 ? "probe" : "page", page->name,
		page->check_count > 0 ? "" : ": ", page->check_count > 0 ? "" : url);
	free(url);
	return true;
}

const struct page_config *add_target_page(const struct add_target *target, const char *url,
	const struct kind *kind, const char *address)
{
	const struct config *config = target->config;

	for (size_t i = 0; config != NULL && i < config->page_count; i++) {
		const struct page_config *page = &config->pages[i];
		char *read = NULL;
		bool same = address_same(page->url, url) ||
			    (kind != NULL && text_equal(page->kind, kind_name(kind)) &&
				    kind_document_address(kind, 0, page->url, NULL, &read, NULL) &&
				    address_same(read, address));

		free(read);
		if (same)
			return page;
	}
	return NULL;
}

void add_target_page_lines(struct buffer *lines, const char *name, const char *url,
	const char *kind, const char *provider)
{
	config_member_key(lines, "name", name);
	config_member_key(lines, "url", url);
	config_member_key(lines, "kind", kind);
	if (!text_equal(provider, name))
		config_member_key(lines, "provider", provider);
}

bool add_target_changes(const struct add_target *target)
{
	return target->config != NULL && !target->options->dry_run;
}

static void print_member(const struct config_member *member)
{
	struct buffer lines = {0};

	config_member_write(member, &lines);
	fputs(buffer_string(&lines), stdout);
	buffer_release(&lines);
}

/* Whether the new text is a valid configuration that has one member more than the old one. */
static bool check_result(
	const struct add_target *target, const char *name, const struct buffer *text)
{
	struct problems problems = {0};
	struct config *config =
		config_parse(target->path, buffer_string(text), text->length, &problems);
	bool good = config != NULL && config_page(config, name) != NULL &&
		    config->page_count == target->config->page_count + 1;

	if (!good)
		problems_print(&problems);
	problems_release(&problems);
	config_free(config);
	return good;
}

/* Mode and owner stay: the file is read by the user that cron runs us as. What somebody may have
 * put in its place is not followed, as root would give away what that leads to. */
static bool replace_file(const char *path, const struct buffer *text, struct error *error)
{
	struct stat status = {.st_mode = 0600, .st_uid = geteuid(), .st_gid = getegid()};
	mode_t mask;
	bool good;

	stat(path, &status);
	mask = umask(0);
	good = file_write(path, buffer_string(text), text->length, status.st_mode & 07777, error);
	umask(mask);
	if (good && (status.st_uid != geteuid() || status.st_gid != getegid()) &&
		lchown(path, status.st_uid, status.st_gid) != 0)
		fprintf(stderr,
			"lampwatch add: warning: %s: the owner of the file could not be kept\n",
			path);
	return good;
}

static int change_file(const struct add_target *target, const char *path, const char *name,
	const struct config_member *member, const struct config_member *shown)
{
	struct buffer text = {.maximum = YAML_FILE_MAX}, edited = {.maximum = YAML_FILE_MAX};
	struct error error = {.text = "nothing can be added"};
	int line = 0, status = EXIT_USAGE;

	if (!file_read(path, &text, &error)) {
		fprintf(stderr, "lampwatch add: %s\n", error.text);
	} else if (!config_edit_add(path, buffer_string(&text), text.length, member, &edited, &line,
			   &error) ||
		   edited.overflowed || !check_result(target, name, &edited)) {
		fprintf(stderr,
			"lampwatch add: %s: %s. Not changed; these lines belong under "
			"\"%s:\":\n",
			target->path, error.text, member->section);
		print_member(member);
	} else if (!replace_file(path, &edited, &error)) {
		fprintf(stderr, "lampwatch add: %s\n", error.text);
		status = EXIT_LOCAL;
	} else {
		status = EXIT_DONE;
		if (target->invocation->verbosity >= 0) {
			printf("Added to %s, line %d:\n", target->path, line);
			print_member(shown);
		}
	}
	buffer_release(&text);
	buffer_release(&edited);
	return status;
}

int add_target_add(const struct add_target *target, const char *name,
	const struct config_member *member, const struct config_member *shown)
{
	char *path;
	int status;

	if (!add_target_changes(target)) {
		if (target->invocation->verbosity >= 0 && !target->options->dry_run)
			printf("There is no lampwatch.yaml yet. These lines in one watch it:\n\n"
			       "%s:\n",
				member->section);
		else if (target->invocation->verbosity >= 0)
			printf("Not added. These lines under \"%s:\" watch it:\n", member->section);
		print_member(member);
		return EXIT_DONE;
	}
	path = realpath(target->path, NULL); /* a symbolic link stays one */
	status = change_file(target, path != NULL ? path : target->path, name, member, shown);
	free(path);
	return status;
}
