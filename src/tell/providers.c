/* SPDX-License-Identifier: ISC */
#include "tell/providers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/yaml.h"

struct entry {
	const char *name; /* of a domain or host */
	const struct provider *provider;
};

struct entries {
	struct entry *list; /* sorted by name */
	size_t count;
};

struct providers {
	struct provider *list;
	size_t count;
	struct entries domains, hosts;
};

static const struct node_word hides_words[] = {
	{"gateway", HIDES_GATEWAY}, {"forwarder", HIDES_FORWARDER}, {NULL, 0}};
static const struct node_rule rules[] = {
	{"name", node_read_text, offsetof(struct provider, name), true, NULL},
	{"hides", node_read_word, offsetof(struct provider, hides), false, hides_words},
	{"domains", node_read_texts, offsetof(struct provider, domains), false, NULL},
	{"hosts", node_read_texts, offsetof(struct provider, hosts), false, NULL},
	{"resolvers", node_read_texts, offsetof(struct provider, resolvers), false, NULL},
	{0},
};

static int by_name(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return strcasecmp(a->name, b->name);
}

static void add_entries(
	struct entries *entries, const struct text_list *names, const struct provider *provider)
{
	for (size_t i = 0; i < names->count; i++)
		*(struct entry *)memory_append(&entries->list, &entries->count,
			sizeof *entries->list) = (struct entry){names->list[i], provider};
}

/* Two providers cannot own one name: which of them fails would be a matter of chance. */
static bool sort_entries(struct entries *entries, const char *file, struct problems *problems)
{
	bool good = true;

	if (entries->count > 0)
		qsort(entries->list, entries->count, sizeof *entries->list, by_name);
	for (size_t i = 1; i < entries->count; i++)
		if (by_name(&entries->list[i - 1], &entries->list[i]) == 0) {
			problems_add(
				problems, file, 0, "\"%s\" is listed twice", entries->list[i].name);
			good = false;
		}
	return good;
}

static bool read_all(struct providers *providers, struct node list, struct problems *problems)
{
	bool good = node_type(list) == NODE_LIST ||
		    node_problem(problems, list, "this must be a list of providers");

	for (size_t i = 0; good && i < node_count(list); i++) {
		struct provider *provider =
			memory_append(&providers->list, &providers->count, sizeof *providers->list);

		good = node_walk_map(problems, node_member(list, i), rules, provider, NULL);
	}
	for (size_t i = 0; i < providers->count; i++) {
		add_entries(&providers->domains, &providers->list[i].domains, &providers->list[i]);
		add_entries(&providers->hosts, &providers->list[i].hosts, &providers->list[i]);
	}
	return good;
}

struct providers *providers_load(const char *templates, struct problems *problems)
{
	char *path = file_join(templates, "providers.yaml");
	struct yaml *yaml = yaml_load(path, problems);
	struct providers *providers = NULL;

	if (yaml != NULL) {
		bool good;

		providers = memory_zero(1, sizeof *providers);
		good = read_all(providers, yaml_root(yaml), problems);
		good = sort_entries(&providers->domains, path, problems) && good;
		good = sort_entries(&providers->hosts, path, problems) && good;
		yaml_close(yaml);
		if (!good) {
			providers_free(providers);
			providers = NULL;
		}
	}
	free(path);
	return providers;
}

void providers_free(struct providers *providers)
{
	if (providers == NULL)
		return;
	for (size_t i = 0; i < providers->count; i++) {
		free(providers->list[i].name);
		text_list_release(&providers->list[i].domains);
		text_list_release(&providers->list[i].hosts);
		text_list_release(&providers->list[i].resolvers);
	}
	free(providers->list);
	free(providers->domains.list);
	free(providers->hosts.list);
	free(providers);
}

/* The whole name first, then without its first label, and so on: the first hit is the longest. */
static const struct provider *find(const struct entries *entries, const char *name)
{
	size_t length = strlen(name);
	char *copy =
		memory_bytes(name, length > 0 && name[length - 1] == '.' ? length - 1 : length);
	const struct entry *found = NULL;
	const char *at = copy;

	while (at != NULL && found == NULL && entries->count > 0) {
		const struct entry key = {at, NULL};

		found = bsearch(&key, entries->list, entries->count, sizeof key, by_name);
		at = strchr(at, '.');
		at = at != NULL ? at + 1 : NULL;
	}
	free(copy);
	return found != NULL ? found->provider : NULL;
}

const struct provider *providers_of_domain(const struct providers *providers, const char *domain)
{
	return providers != NULL ? find(&providers->domains, domain) : NULL;
}

const struct provider *providers_of_host(const struct providers *providers, const char *host)
{
	return providers != NULL ? find(&providers->hosts, host) : NULL;
}

/* The address of "ADDRESS", "ADDRESS:PORT" or "[ADDRESS]:PORT"; owned by the caller. */
static char *address_of(const char *resolver)
{
	const char *colon = strchr(resolver, ':');

	if (resolver[0] == '[')
		return memory_bytes(resolver + 1, strcspn(resolver + 1, "]"));
	return memory_bytes(resolver, colon != NULL && strchr(colon + 1, ':') == NULL
					      ? (size_t)(colon - resolver)
					      : strlen(resolver));
}

const struct provider *providers_of_resolver(
	const struct providers *providers, const char *resolver)
{
	char *address = address_of(resolver);
	const struct provider *found = NULL;

	for (size_t i = 0; found == NULL && i < providers->count; i++)
		if (text_list_has(&providers->list[i].resolvers, address))
			found = &providers->list[i];
	free(address);
	return found;
}

void providers_names(const struct providers *providers, struct text_list *names)
{
	for (size_t i = 0; i < providers->count; i++)
		text_list_add(names, providers->list[i].name);
}
