/* SPDX-License-Identifier: ISC */
#include "cmd/add_probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cmd/add_name.h"
#include "cmd/add_print.h"
#include "cmd/add_target.h"
#include "cmd/catalogue.h"
#include "cmd/command.h"
#include "config/config.h"
#include "config/config_edit.h"
#include "watch/kind/kind.h"

/* After the service; "NAME-probe" where its page is called that. Owned by the caller; NULL, after a
 * complaint, where the name is taken. */
static char *name_probe(const struct add_target *target, const struct catalogue_entry *probe)
{
	const char *asked = target->options->name;
	char *own = name_of_text(probe->name), *name = memory_string(asked != NULL ? asked : own);
	const struct page_config *page =
		target->config != NULL ? config_page(target->config, name) : NULL;

	if (asked == NULL && page != NULL && page->check_count == 0) {
		free(name);
		name = memory_format("%s-probe", own);
	}
	if (add_target_has(target, name))
		memory_set(&name, NULL);
	free(own);
	return name;
}

static void write_lines(const struct catalogue_entry *probe, const char *name, const char *provider,
	struct buffer *lines)
{
	config_member_key(lines, "name", name);
	if (!text_equal(provider, name))
		config_member_key(lines, "provider", provider);
	buffer_text(lines, "  checks:\n");
	for (size_t i = 0; i < node_count(probe->checks); i++) {
		buffer_text(lines, "    - ");
		node_write(node_member(probe->checks, i), lines);
		buffer_byte(lines, '\n');
	}
}

/* The page of the configuration that watches what the service says of itself; NULL: there is none.
 */
static const struct page_config *find_page(const struct add_target *target, const char *templates,
	const struct catalogue_entry *service)
{
	const char *folder = target->config != NULL ? target->config->kinds : NULL;
	char *path = service->kind != NULL ? kind_find(templates, folder, service->kind) : NULL;
	char *address = NULL;
	struct problems problems = {0};
	struct kind *kind = path != NULL ? kind_load(path, (struct node){0}, &problems) : NULL;
	const struct page_config *page;
	bool known =
		kind != NULL && kind_document_address(kind, 0, service->url, NULL, &address, NULL);

	page = add_target_page(target, service->url, known ? kind : NULL, address);
	kind_free(kind);
	problems_release(&problems);
	free(address);
	free(path);
	return page;
}

static void print_facts(const struct catalogue_entry *probe, const char *name)
{
	struct buffer lines = {0};

	for (size_t i = 0; i < node_count(probe->facts); i++) {
		struct node checks = node_value(probe->facts, i);

		buffer_text(&lines, "      ");
		node_write(node_key(probe->facts, i), &lines);
		buffer_text(&lines, ": [");
		for (size_t j = 0; j < node_count(checks); j++)
			buffer_format(&lines, "%s%s/%s", j > 0 ? ", " : "", name,
				node_text(node_member(checks, j)));
		buffer_text(&lines, "]\n");
	}
	printf("    facts:\n%s", buffer_string(&lines));
	buffer_release(&lines);
}

/* What to write at the page that shows what the service says of itself, or how to watch it first.
 */
static void print_advice(const struct add_target *target, const char *templates,
	const struct catalogue_entry *probe, const struct catalogue_entry *service,
	const char *name)
{
	const struct page_config *page = find_page(target, templates, service);
	bool known = node_count(probe->facts) > 0;
	char *word = name_of_text(service->name);

	if (page == NULL)
		printf("`lampwatch add %s` watches its status page.\n%s", word,
			known ? "To compare them with it, add there:\n" : "");
	else if (known)
		printf("To compare them with the page \"%s\", add at %s:%d:\n", page->name,
			target->path, page->line);
	else
		printf("\"facts:\" of the page \"%s\" (%s:%d) can name them.\n", page->name,
			target->path, page->line);
	if (known)
		print_facts(probe, name);
	free(word);
}

int add_probe(struct add_target *target, const char *templates, const struct catalogue *probes,
	const struct catalogue *services)
{
	const char *word = target->options->probe;
	const struct catalogue_entry *probe = catalogue_find(probes, word), *service;
	struct buffer lines = {0};
	struct config_member member;
	char *name, *provider;
	bool speaks;
	int status;

	if (probe == NULL) {
		print_unknown(probes, word, "is no service whose checks are known");
		return EXIT_USAGE;
	}
	status = add_target_load(target);
	if (status != EXIT_DONE)
		return status;
	name = name_probe(target, probe);
	if (name == NULL)
		return EXIT_USAGE;
	provider = target->options->provider != NULL ? memory_string(target->options->provider)
		   : probe->provider != NULL         ? memory_string(probe->provider)
						     : name_of_text(probe->name);
	write_lines(probe, name, provider, &lines);
	member = (struct config_member){"probes", buffer_string(&lines)};
	status = add_target_add(target, name, &member, &member);
	service = probe->page != NULL ? catalogue_find(services, probe->page) : NULL;
	speaks = status == EXIT_DONE && target->invocation->verbosity >= 0;
	if (speaks && service != NULL)
		print_advice(target, templates, probe, service, name);
	if (speaks && add_target_changes(target))
		printf("`lampwatch probe %s` makes the checks now.\n", name);
	buffer_release(&lines);
	free(provider);
	free(name);
	return status;
}
