/* SPDX-License-Identifier: ISC
 *
 * What must hold between the parts of the file: names are unique, and references
 * lead somewhere.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"
#include "config/pattern.h"
#include "net/address.h"
#include "net/http.h"

enum { ADVICE_MAX = 12 }; /* names that a complaint lists */

struct entry {
	const char *name; /* borrowed */
	int line;
};

/* The names of one section, sorted, so that long files are checked quickly. */
struct names {
	const char *what; /* "page", "route" … */
	struct entry *list;
	size_t count;
};

/* Names that differ only in case are next to each other. */
static int by_name(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcasecmp(a->name, b->name);

	return order != 0 ? order : strcmp(a->name, b->name);
}

static int by_name_and_line(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = by_name(a, b);

	return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/*
 * Takes the text of a key of each member, or of the other key where the first
 * is missing. From the file and not from what was read from it, so that a name
 * that is invalid is reported once, and not wherever it is used.
 */
static struct names names_read(
	const char *what, struct node section, const char *key, const char *other)
{
	struct names names = {.what = what};

	for (size_t i = 0; i < node_count(section); i++) {
		struct node member = node_member(section, i), value = node_find(member, key);
		struct entry *entry;

		if (node_type(value) == NODE_NONE && other != NULL)
			value = node_find(member, other);
		if (text_empty(node_text(value)))
			continue;
		entry = memory_append(&names.list, &names.count, sizeof *entry);
		*entry = (struct entry){node_text(value), node_line(member)};
	}
	if (names.count > 0)
		qsort(names.list, names.count, sizeof *names.list, by_name_and_line);
	return names;
}

static const struct entry *names_find(const struct names *names, const char *name)
{
	const struct entry key = {name, 0};

	return names->count == 0 ? NULL
				 : bsearch(&key, names->list, names->count, sizeof key, by_name);
}

/* Many pages have one provider. */
static void names_unite(struct names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->count; i++)
		if (i == 0 || strcmp(names->list[i].name, names->list[kept - 1].name) != 0)
			names->list[kept++] = names->list[i];
	names->count = kept;
}

/* The nearest name, or all where they are few; owned by the caller. */
static char *names_advice(const struct names *names, const char *word)
{
	const char **candidates = memory_zero(names->count, sizeof *candidates), *nearest;
	struct buffer advice = {0};

	for (size_t i = 0; i < names->count; i++)
		candidates[i] = names->list[i].name;
	nearest = text_nearest(word, candidates, names->count);
	if (nearest != NULL)
		buffer_format(&advice, "; did you mean \"%s\"?", nearest);
	else if (names->count == 0)
		buffer_text(&advice, "; the configuration has none");
	for (size_t i = 0; nearest == NULL && names->count <= ADVICE_MAX && i < names->count; i++)
		buffer_format(
			&advice, "%s %s", i == 0 ? "; the configuration has" : ",", candidates[i]);
	free(candidates);
	return buffer_take(&advice);
}

static void check_once(const struct config *config, const struct names *names,
	int (*compare)(const char *left, const char *right), struct problems *problems)
{
	for (size_t i = 1; i < names->count; i++) {
		const struct entry *first = &names->list[i - 1], *second = &names->list[i];

		if (compare(first->name, second->name) != 0)
			continue;
		if (first->line > second->line) {
			first = second;
			second = &names->list[i - 1];
		}
		problems_add(problems, config->path, second->line,
			"duplicate %s \"%s\"; the first begins in line %d", names->what,
			second->name, first->line);
	}
}

static void check_reference(
	struct node node, const char *name, const struct names *names, struct problems *problems)
{
	char *advice;

	if (names_find(names, name) != NULL)
		return;
	advice = names_advice(names, name);
	node_problem(problems, node, "no %s \"%s\"%s", names->what, name, advice);
	free(advice);
}

/* A page's name, or a pattern that some page's fits. */
static void check_page(struct node node, const struct names *pages, struct problems *problems)
{
	const char *text = node_text(node);

	if (!pattern_is_wild(text)) {
		check_reference(node, text, pages, problems);
		return;
	}
	for (size_t i = 0; i < pages->count; i++)
		if (text_matches(pages->list[i].name, text + (text[0] == '!'), true))
			return;
	node_problem(problems, node, "no page's name fits \"%s\"", text);
}

/* Only a warning: a route may well depend on somebody whose page is not watched yet. */
static void check_provider(
	struct node node, const struct names *providers, struct problems *problems)
{
	char *advice;

	if (names_find(providers, node_text(node)) != NULL)
		return;
	advice = names_advice(providers, node_text(node));
	problems_warn(problems, node_file(node), node_line(node),
		"no page watches the provider \"%s\", so its outages will go unnoticed%s",
		node_text(node), advice);
	free(advice);
}

/* Checks the value of the key in each member of a section: each item of a list, or a scalar. */
static void check_members(struct node section, const char *key,
	void (*check)(struct node node, const struct names *names, struct problems *problems),
	const struct names *names, struct problems *problems)
{
	for (size_t i = 0; i < node_count(section); i++) {
		struct node value = node_find(node_member(section, i), key);

		if (node_type(value) == NODE_SCALAR)
			check(value, names, problems);
		for (size_t j = 0; node_type(value) == NODE_LIST && j < node_count(value); j++)
			check(node_member(value, j), names, problems);
	}
}

/* The archive's own files are next to the folders of the pages. */
static void check_reserved(const struct config *config, struct problems *problems)
{
	static const char *const reserved[] = {"heads", "heads.*", "index.html", "index.json",
		"feed.xml", "calendar.ics", "style.css", "demonstration"};

	for (size_t i = 0; i < config->page_count; i++)
		for (size_t j = 0;
			config->pages[i].name != NULL && j < sizeof reserved / sizeof *reserved;
			j++)
			if (text_matches(config->pages[i].name, reserved[j], false))
				problems_add(problems, config->path, config->pages[i].line,
					"a page cannot be called \"%s\": the archive uses that "
					"name itself",
					config->pages[i].name);
}

/* The names of two sections as one. */
static struct names names_both(
	const char *what, struct node first, struct node second, const char *key, const char *other)
{
	struct names names = names_read(what, first, key, other),
		     others = names_read(what, second, key, other);

	for (size_t i = 0; i < others.count; i++)
		*(struct entry *)memory_append(&names.list, &names.count, sizeof *names.list) =
			others.list[i];
	if (names.count > 0)
		qsort(names.list, names.count, sizeof *names.list, by_name_and_line);
	free(others.list);
	return names;
}

/* The checks of all probes, as "PROBE/CHECK", and the crowds among the pages, as "PAGE/crowd"; to
 * be freed by names_of_checks_release(). */
static struct names names_of_checks(struct node probes, struct node pages)
{
	struct names names = {.what = "check"};

	for (size_t i = 0; i < node_count(probes); i++) {
		struct node probe = node_member(probes, i), checks = node_find(probe, "checks");
		const char *name = node_text(node_find(probe, "name"));

		for (size_t j = 0; j < node_count(checks); j++) {
			struct node check = node_member(checks, j);
			struct entry *entry =
				memory_append(&names.list, &names.count, sizeof *entry);

			*entry = (struct entry){
				memory_format("%s/%s", name, node_text(node_find(check, "name"))),
				node_line(check)};
		}
	}
	for (size_t i = 0; i < node_count(pages); i++) {
		struct node page = node_member(pages, i);

		if (text_equal(node_text(node_find(page, "kind")), CROWD_KIND))
			*(struct entry *)memory_append(
				&names.list, &names.count, sizeof *names.list) = (struct entry){
				memory_format("%s/%s", node_text(node_find(page, "name")),
					CROWD_INDICATOR),
				node_line(page)};
	}
	if (names.count > 0)
		qsort(names.list, names.count, sizeof *names.list, by_name_and_line);
	return names;
}

static void names_of_checks_release(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free((char *)names->list[i].name);
	free(names->list);
}

static void check_fact(const struct fact_config *fact, struct node node, const struct names *checks,
	int64_t need, struct problems *problems)
{
	for (size_t i = 0; i < fact->checks.count; i++)
		check_reference(node, fact->checks.list[i], checks, problems);
	if (need > (int64_t)fact->checks.count)
		node_problem(problems, node,
			"\"need\" asks for %lld checks, and the facts of \"%s\" are %zu",
			(long long)need, fact->indicator, fact->checks.count);
}

/* Pages stand first in the configuration, in the order of the file. */
static void check_facts(const struct config *config, struct node pages, const struct names *checks,
	struct problems *problems)
{
	for (size_t i = 0; i < node_count(pages) && i < config->page_count; i++) {
		const struct page_config *page = &config->pages[i];
		struct node node = node_member(pages, i), facts = node_find(node, "facts");

		for (size_t j = 0; j < page->fact_count; j++)
			check_fact(&page->facts[j], node_value(facts, j), checks, page->need,
				problems);
		if (page->fact_count == 0 && node_type(node_find(node, "need")) != NODE_NONE)
			node_problem(problems, node_find(node, "need"),
				"\"need\" has no meaning without \"facts\"");
	}
}

static void check_second(
	struct node subscribers, const struct names *webhooks, struct problems *problems)
{
	for (size_t i = 0; i < node_count(subscribers); i++) {
		struct node subscriber = node_member(subscribers, i),
			    second = node_find(subscriber, "second");
		const char *mail = node_text(node_find(subscriber, "mail")), *name;

		if (text_starts(node_text(second), "webhook:")) {
			name = node_text(second) + strlen("webhook:");
			if (text_is_name(name))
				check_reference(second, name, webhooks, problems);
		} else if (!text_empty(mail) && strcasecmp(node_text(second), mail) == 0) {
			node_problem(problems, second,
				"\"second\" is the same address as \"mail\"; it has to work when "
				"the first does not");
		}
	}
}

/* What is needed to send mail, where there is somebody to send it to. */
static void check_mail(const struct config *config, struct node root, struct problems *problems)
{
	struct node subscribers = node_find(root, "subscribers"),
		    admin = node_find(root, "operator");
	struct node routes = node_find(root, "routes");
	bool wanted = node_count(subscribers) > 0;

	if ((wanted || config->admin != NULL) && node_type(node_find(root, "from")) == NODE_NONE)
		node_problem(problems, wanted ? subscribers : admin,
			"\"from\" is missing, the address that mail comes from, such as "
			"lampwatch@example.org");
	if (node_count(routes) > 0 ||
		(node_type(routes) == NODE_SCALAR && !node_is_nothing(routes)))
		return;
	if (wanted)
		node_problem(problems, subscribers,
			"there are subscribers but no \"routes\" to send mail by");
	else if (config->admin != NULL)
		problems_warn(problems, config->path, node_line(admin),
			"there is an operator but no \"routes\" to send mail by");
}

static void check_mail_in(const struct config *config, struct node root, struct problems *problems)
{
	struct node node = node_find(root, "mail_in"), allow = node_find(root, "mail_in_allow");

	if (config->mail_in == NULL && node_type(allow) != NODE_NONE)
		node_problem(problems, allow, "\"mail_in_allow\" needs \"mail_in\"");
	if (config->mail_in == NULL)
		return;
	if (strcspn(config->mail_in, "@") > CONFIG_MAIL_IN_LOCAL_MAX)
		node_problem(problems, node,
			"\"mail_in\" has more than %d bytes before the \"@\", so that no token "
			"fits after them",
			CONFIG_MAIL_IN_LOCAL_MAX);
	else if (strcspn(config->mail_in, "+") < strcspn(config->mail_in, "@"))
		node_problem(problems, node,
			"\"mail_in\" contains a \"+\", which is reserved for tokens");
	if (config->from == NULL)
		node_problem(problems, node,
			"\"mail_in\" needs \"from\", the address that replies come from");
	for (size_t i = 0; i < config->mail_in_allow.count; i++)
		if (strpbrk(config->mail_in_allow.list[i], "@*") == NULL)
			node_problem(problems, allow,
				"\"mail_in_allow\" takes addresses and patterns such as "
				"*@example.org; \"%s\" fits none",
				config->mail_in_allow.list[i]);
}

/* What a form asks for is answered by mail with a link; what a letter asks for and what bounces
 * comes to mail_in. */
static void check_subscribe(
	const struct config *config, struct node root, struct problems *problems)
{
	struct node node = node_find(root, "subscribe"),
		    proxies = node_find(root, "trusted_proxies");

	if (config->subscribe && (config->mail_in == NULL || config->site_url == NULL))
		node_problem(problems, node,
			"\"subscribe\" needs \"mail_in\", which mail comes back to, and "
			"\"site_url\", where links in mails lead");
	if (config->subscribe && config->site_url != NULL &&
		!text_starts(config->site_url, "https://"))
		problems_warn(problems, config->path, node_line(node_find(root, "site_url")),
			"\"site_url\" is not https: what forms send can be read on its way, and "
			"mails "
			"have no link for one click");
	if (config->subscribe && config->site_url != NULL && config->trusted_proxies.count == 0 &&
		text_starts(config->site_url, "https://"))
		problems_warn(problems, config->path, node_line(node),
			"there are no \"trusted_proxies\": all who send forms by the proxy that "
			"does TLS count as one client");
	if (!config->subscribe && config->trusted_proxies.count > 0)
		node_problem(problems, proxies,
			"\"trusted_proxies\" has no meaning without \"subscribe: true\"");
}

static void check_settings(const struct config *config, struct node root, struct problems *problems)
{
	size_t length = config->archive != NULL ? strlen(config->archive) : 0;
	struct node pages = node_find(root, "pages"), probes = node_find(root, "probes");

	if (node_type(root) != NODE_MAP)
		return;
	/* Where the archive may be published, a secret key must not lie in it. */
	if (length > 0 && config->signing_key != NULL &&
		text_starts(config->signing_key, config->archive) &&
		strchr("/", config->signing_key[length]) != NULL)
		node_problem(problems, node_find(root, "signing_key"),
			"\"signing_key\" is inside the archive, which may be published; keep it "
			"outside, such as in /etc/lampwatch/key.pem");
	if (node_type(node_find(root, "heartbeat")) != NODE_NONE &&
		node_type(node_find(root, "heartbeat_file")) != NODE_NONE)
		node_problem(problems, node_find(root, "heartbeat_file"),
			"either \"heartbeat\" or \"heartbeat_file\", not both");
	if (node_count(pages) == 0 && node_count(probes) == 0 &&
		(node_type(pages) != NODE_SCALAR || node_is_nothing(pages)))
		problems_warn(
			problems, config->path, 0, "there are no \"pages\": nothing is watched");
}

/* `lampwatch try NAME` takes the name of either. */
static void check_targets(const struct config *config, const struct names *webhooks,
	const struct names *routes, struct problems *problems)
{
	for (size_t i = 0; i < webhooks->count; i++) {
		const struct entry *route = names_find(routes, webhooks->list[i].name);

		if (route != NULL)
			problems_add(problems, config->path, webhooks->list[i].line,
				"the webhook \"%s\" has the same name as the route in line %d; "
				"rename one of them",
				route->name, route->line);
	}
}

const char *wayback_refusal(const struct config *config, const struct page_config *page)
{
	enum { STAMP = sizeof "/web/20140124192000/" - 1 };
	char *host = http_url_host(page->url);
	bool literal = false,
	     private = host != NULL && !address_text_is_public(host, &literal) && literal;

	private = private || text_equal(host, "localhost");
	free(host);
	if (strpbrk(page->url, "?@#") != NULL)
		return "its address has a user, a password, a query or a fragment, which may be "
		       "secret";
	if (private)
		return "its address is private";
	if (strlen(config->wayback_base) + STAMP + strlen(page->url) > CONFIG_MEMENTO_MAX)
		return "its address is too long to be noted in a chain";
	return NULL;
}

static void check_wayback(const struct config *config, struct problems *problems)
{
	for (size_t i = 0; i < config->page_count; i++) {
		const struct page_config *page = &config->pages[i];
		const char *refusal;

		if (page->wayback != WAYBACK_SAVE || page->url == NULL || page->name == NULL)
			continue;
		refusal = wayback_refusal(config, page);
		if (config->wayback_key_file == NULL)
			problems_add(problems, config->path, page->line,
				"page \"%s\": \"wayback: save\" needs \"wayback_key_file\", a file "
				"with the ACCESS:SECRET of Save Page Now",
				page->name);
		if (refusal != NULL)
			problems_warn(problems, config->path, page->line,
				"page \"%s\" is not handed to Save Page Now: %s", page->name,
				refusal);
	}
}

void config_check(const struct config *config, struct problems *problems)
{
	struct node root = yaml_root(config->yaml);
	struct node pages_list = node_find(root, "pages"), probes_list = node_find(root, "probes"),
		    routes_list = node_find(root, "routes"),
		    webhooks_list = node_find(root, "webhooks"),
		    subscribers_list = node_find(root, "subscribers");
	struct names pages = names_both("page", pages_list, probes_list, "name", NULL);
	struct names checks = names_of_checks(probes_list, pages_list);
	struct names routes = names_read("route", routes_list, "name", NULL);
	struct names webhooks = names_read("webhook", webhooks_list, "name", NULL);
	struct names subscribers = names_read("subscriber", subscribers_list, "mail", NULL);
	struct names providers =
		names_both("provider", pages_list, probes_list, "provider", "name");

	names_unite(&providers);
	check_once(config, &pages, strcmp, problems);
	check_once(config, &routes, strcmp, problems);
	check_once(config, &webhooks, strcmp, problems);
	check_once(config, &subscribers, strcasecmp, problems);
	check_targets(config, &webhooks, &routes, problems);
	check_settings(config, root, problems);
	check_reserved(config, problems);
	check_mail(config, root, problems);
	check_mail_in(config, root, problems);
	check_subscribe(config, root, problems);
	check_wayback(config, problems);
	check_second(subscribers_list, &webhooks, problems);
	check_facts(config, pages_list, &checks, problems);
	check_members(subscribers_list, "pages", check_page, &pages, problems);
	check_members(webhooks_list, "pages", check_page, &pages, problems);
	check_members(node_find(root, "maintenance"), "pages", check_page, &pages, problems);
	check_members(routes_list, "depends", check_provider, &providers, problems);
	check_members(webhooks_list, "depends", check_provider, &providers, problems);
	names_of_checks_release(&checks);
	free(pages.list);
	free(routes.list);
	free(webhooks.list);
	free(subscribers.list);
	free(providers.list);
}
