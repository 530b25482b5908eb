/* SPDX-License-Identifier: ISC */
#include "cmd/catalogue.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

#define RULE(key, read, required)                                                                  \
	{                                                                                          \
#key, read, offsetof(struct catalogue_entry, key), required, NULL                  \
	}

static const struct node_rule page_rules[] = {
	RULE(name, node_read_text, true),
	RULE(aliases, node_read_texts, false),
	RULE(provider, node_read_text, false),
	RULE(url, node_read_text, true),
	RULE(kind, node_read_text, false),
	RULE(mail, node_read_texts, false),
	{0},
};

static const struct node_rule probe_rules[] = {
	RULE(name, node_read_text, true),
	RULE(aliases, node_read_texts, false),
	RULE(provider, node_read_text, false),
	RULE(page, node_read_text, false),
	RULE(checks, node_read_node, true),
	RULE(facts, node_read_node, false),
	{0},
};

static const struct {
	const char *file;
	const struct node_rule *rules;
} files[] = {
	[CATALOGUE_PAGES] = {"catalogue.yaml", page_rules},
	[CATALOGUE_PROBES] = {"probes.yaml", probe_rules},
};

bool catalogue_load(const char *templates, enum catalogue_type type, struct catalogue *catalogue,
	struct problems *problems)
{
	char *path = file_join(templates, files[type].file);
	struct yaml *yaml = yaml_load(path, problems);
	struct node list = yaml != NULL ? yaml_root(yaml) : (struct node){0};
	bool good = yaml != NULL;

	if (good && node_type(list) != NODE_LIST)
		good = node_problem(problems, list, "this must be a list of services");
	for (size_t i = 0; i < node_count(list) && node_type(list) == NODE_LIST; i++) {
		struct catalogue_entry *service =
			memory_append(&catalogue->list, &catalogue->count, sizeof *catalogue->list);

		good = node_walk_map(
			       problems, node_member(list, i), files[type].rules, service, NULL) &&
		       good;
	}
	catalogue->yaml = yaml;
	free(path);
	return good;
}

void catalogue_release(struct catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->count; i++) {
		struct catalogue_entry *service = &catalogue->list[i];

		free(service->name);
		text_list_release(&service->aliases);
		free(service->url);
		free(service->kind);
		free(service->provider);
		free(service->page);
		text_list_release(&service->mail);
	}
	free(catalogue->list);
	yaml_close(catalogue->yaml);
	*catalogue = (struct catalogue){0};
}

/* The i-th name of the service: its name, then its aliases; NULL after the last. */
static const char *service_name(const struct catalogue_entry *service, size_t i)
{
	if (i == 0)
		return service->name;
	return i <= service->aliases.count ? service->aliases.list[i - 1] : NULL;
}

static const char *next_letter(const char *text)
{
	while (*text != '\0' && !isalnum((unsigned char)*text) && (unsigned char)*text < 0x80)
		text++;
	return text;
}

static bool same_letters(const char *a, const char *b)
{
	for (;; a++, b++) {
		a = next_letter(a);
		b = next_letter(b);
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
	}
}

const struct catalogue_entry *catalogue_find(const struct catalogue *catalogue, const char *name)
{
	const char *word;

	if (*next_letter(name) == '\0')
		return NULL;
	for (size_t i = 0; i < catalogue->count; i++)
		for (size_t j = 0; (word = service_name(&catalogue->list[i], j)) != NULL; j++)
			if (same_letters(word, name))
				return &catalogue->list[i];
	return NULL;
}

static size_t length_without_slash(const char *url)
{
	size_t length = strlen(url);

	return length > 0 && url[length - 1] == '/' ? length - 1 : length;
}

/* Scheme and host, whose case does not count. */
static size_t length_of_origin(const char *url, size_t length)
{
	const char *host = strstr(url, "://");
	size_t origin = host != NULL ? (size_t)(host - url) + strlen("://") : 0;

	origin += strcspn(url + origin, "/?#");
	return origin < length ? origin : length;
}

bool address_same(const char *a, const char *b)
{
	size_t length = length_without_slash(a), origin = length_of_origin(a, length);

	return length == length_without_slash(b) && strncasecmp(a, b, origin) == 0 &&
	       strncmp(a + origin, b + origin, length - origin) == 0;
}

const struct catalogue_entry *catalogue_at(const struct catalogue *catalogue, const char *url)
{
	for (size_t i = 0; i < catalogue->count; i++)
		if (address_same(catalogue->list[i].url, url))
			return &catalogue->list[i];
	return NULL;
}

/* What is behind the word, where the text begins with it; else NULL. */
static const char *letters_behind(const char *text, const char *word)
{
	for (; *(word = next_letter(word)) != '\0'; text++, word++) {
		text = next_letter(text);
		if (tolower((unsigned char)*text) != tolower((unsigned char)*word))
			return NULL;
	}
	return text;
}

static enum service_match match(const char *text, const char *word)
{
	enum service_match best = MATCH_NONE;

	if (text == NULL || *next_letter(word) == '\0')
		return MATCH_NONE;
	for (const char *at = next_letter(text); *at != '\0'; at = next_letter(at + 1)) {
		const char *end = letters_behind(at, word);
		bool begins = at == text || next_letter(at - 1) != at - 1;
		enum service_match found = MATCH_PART;

		if (end == NULL)
			continue;
		if (begins)
			found = *end == '\0' || next_letter(end) != end ? MATCH_WORD : MATCH_BEGIN;
		best = found > best ? found : best;
	}
	return best;
}

enum service_match service_match(const struct catalogue_entry *service, const char *word)
{
	enum service_match best = match(service->url, word), found = match(service->provider, word);
	const char *known;

	best = found > best ? found : best;
	for (size_t i = 0; (known = service_name(service, i)) != NULL; i++) {
		found = match(known, word);
		best = found > best ? found : best;
	}
	return best;
}

const char *catalogue_nearest(const struct catalogue *catalogue, const char *name)
{
	const char **names = NULL, *word, *nearest;
	size_t count = 0;

	for (size_t i = 0; i < catalogue->count; i++)
		for (size_t j = 0; (word = service_name(&catalogue->list[i], j)) != NULL; j++)
			*(const char **)memory_append(&names, &count, sizeof *names) = word;
	nearest = text_nearest(name, names, count);
	free(names);
	return nearest;
}
