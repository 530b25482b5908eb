/* SPDX-License-Identifier: ISC
 *
 * The file as a whole, its settings, and its pages. Values are read by
 * config_values.c, routes and receivers by config_receivers.c; what holds
 * between the parts is checked by config_check.c.
 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "base/index.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"

#define DEFAULT_ARCHIVE "archive" /* beside the file */
#define DEFAULT_WAYBACK "https://web.archive.org"

enum { DEFAULT_JOIN = 15 * 60 * 1000 };

static const struct page_settings default_settings = {
	.confirm = {.worse = 1, .better = 2, .lost = 3},
	.flapping = {.high = 30, .low = 20},
	.first_sight = FIRST_SIGHT_BASELINE,
	.red = LEVEL_PARTIAL_OUTAGE,
	.every = 5 * 60 * 1000,
	.timeout = {.connect = 10 * 1000, .total = 30 * 1000},
	.limits = {.body = 8 * 1024 * 1024, .redirects = 5, .in_flight = 128, .per_host = 4},
};

static const struct node_range confirm_range = {1, CONFIG_CONFIRM_MAX};
static const struct node_rule confirm_rules[] = {
	{"worse", node_read_number, offsetof(struct confirm_config, worse), false, &confirm_range},
	{"better", node_read_number, offsetof(struct confirm_config, better), false,
		&confirm_range},
	{"lost", node_read_number, offsetof(struct confirm_config, lost), false, &confirm_range},
	{0},
};

static const struct node_range mark_range = {1, 100};
static const struct node_rule flapping_rules[] = {
	{"high", node_read_number, offsetof(struct flapping_config, high), false, &mark_range},
	{"low", node_read_number, offsetof(struct flapping_config, low), false, &mark_range},
	{0},
};

/* Two marks, or the word off. */
static bool read_flapping(const struct node_walk *walk, struct node node, void *target)
{
	struct flapping_config *flapping = target;

	if (text_equal(node_text(node), "off")) {
		*flapping = (struct flapping_config){0};
		return true;
	}
	if (flapping->high == 0)
		*flapping = default_settings.flapping;
	if (!node_read_map(walk, node, target))
		return false;
	return flapping->low < flapping->high ||
	       node_problem(walk->problems, node,
		       "\"low\" is not below \"high\": an indicator would stop flapping as soon as "
		       "it starts");
}

static const struct node_range timeout_range = {CONFIG_TIMEOUT_MIN, CONFIG_TIMEOUT_MAX};
static const struct node_rule timeout_rules[] = {
	{"connect", node_read_duration, offsetof(struct timeout_config, connect), false,
		&timeout_range},
	{"total", node_read_duration, offsetof(struct timeout_config, total), false,
		&timeout_range},
	{0},
};

static bool read_timeout(const struct node_walk *walk, struct node node, void *target)
{
	const struct timeout_config *timeout = target;

	if (!node_read_map(walk, node, target))
		return false;
	return timeout->connect <= timeout->total ||
	       node_problem(walk->problems, node,
		       "\"connect\" is longer than \"total\", the limit of the whole fetch");
}

static bool refuse_of_page(const struct node_walk *walk, struct node node, void *target)
{
	(void)target;
	return node_problem(walk->problems, node,
		"\"%s\" applies to the whole file: set it in the limits at the top, not in those "
		"of a page",
		walk->rule->key);
}

static const struct node_range body_range = {CONFIG_BODY_MIN, CONFIG_BODY_MAX};
static const struct node_range redirects_range = {0, CONFIG_REDIRECTS_MAX};
static const struct node_range transfers_range = {1, CONFIG_TRANSFERS_MAX};
static const struct node_rule limits_rules[] = {
	{"body", node_read_size, offsetof(struct limits_config, body), false, &body_range},
	{"redirects", node_read_number, offsetof(struct limits_config, redirects), false,
		&redirects_range},
	{"in_flight", node_read_number, offsetof(struct limits_config, in_flight), false,
		&transfers_range},
	{"per_host", node_read_number, offsetof(struct limits_config, per_host), false,
		&transfers_range},
	{0},
};
static const struct node_rule page_limits_rules[] = {
	{"body", node_read_size, offsetof(struct limits_config, body), false, &body_range},
	{"redirects", node_read_number, offsetof(struct limits_config, redirects), false,
		&redirects_range},
	{"in_flight", refuse_of_page, 0, false, NULL},
	{"per_host", refuse_of_page, 0, false, NULL},
	{0},
};

/* An interval, or the word off. */
static bool read_remind(const struct node_walk *walk, struct node node, void *target)
{
	if (!text_equal(node_text(node), "off"))
		return node_read_duration(walk, node, target);
	*(int64_t *)target = 0;
	return true;
}

static const struct node_range remind_range = {CONFIG_REMIND_MIN, CONFIG_EVERY_MAX};
static const struct node_range age_range = {0, CONFIG_AGE_MAX};
static const struct node_range count_range = {0, CONFIG_SNAPSHOTS_MAX};
static const struct node_range every_range = {0, CONFIG_EVERY_MAX};
static const struct node_word first_sight_words[] = {
	{"baseline", FIRST_SIGHT_BASELINE}, {"alert", FIRST_SIGHT_ALERT}, {NULL, 0}};
static const struct node_word red_words[] = {{"degraded", LEVEL_DEGRADED},
	{"partial_outage", LEVEL_PARTIAL_OUTAGE}, {"major_outage", LEVEL_MAJOR_OUTAGE}, {NULL, 0}};

/* The rows that the file and each page have in common. */
#define SETTINGS_RULES(owner, limit_rules)                                                         \
	{"confirm", node_read_map, offsetof(owner, settings.confirm), false, confirm_rules},       \
		{"flapping", read_flapping, offsetof(owner, settings.flapping), false,             \
			flapping_rules},                                                           \
		{"remind", read_remind, offsetof(owner, settings.remind), false, &remind_range},   \
		{"on_first_sight", node_read_word, offsetof(owner, settings.first_sight), false,   \
			first_sight_words},                                                        \
		{"red", node_read_word, offsetof(owner, settings.red), false, red_words},          \
		{"every", node_read_duration, offsetof(owner, settings.every), false,              \
			&every_range},                                                             \
		{"keep_for", node_read_duration, offsetof(owner, settings.keep_for), false,        \
			&age_range},                                                               \
		{"keep_count", node_read_number, offsetof(owner, settings.keep_count), false,      \
			&count_range},                                                             \
		{"timeout", read_timeout, offsetof(owner, settings.timeout), false,                \
			timeout_rules},                                                            \
	{                                                                                          \
		"limits", node_read_map, offsetof(owner, settings.limits), false, limit_rules      \
	}

static const struct node_word wayback_words[] = {{"save", WAYBACK_SAVE}, {NULL, 0}};
static const struct node_word keep_words[] = {
	{"watched", KEEP_WATCHED}, {"all", KEEP_ALL}, {NULL, 0}};
static const struct node_range window_range = {CONFIG_WITHIN_MIN, CONFIG_WITHIN_MAX};
static const struct node_range times_range = {1, CONFIG_TIMES_MAX};
static const struct node_range least_range = {1, CONFIG_LEAST_MAX};
static const struct node_rule page_rules[] = {
	{"name", config_read_name, offsetof(struct page_config, name), true, NULL},
	{"url", config_read_page_url, offsetof(struct page_config, url), true, NULL},
	{"kind", config_read_name, offsetof(struct page_config, kind), true, NULL},
	{"provider", config_read_label, offsetof(struct page_config, provider), false, NULL},
	{"indicators", config_read_labels, offsetof(struct page_config, indicators), false, NULL},
	{"keep", node_read_word, offsetof(struct page_config, keep), false, keep_words},
	{"wayback", node_read_word, offsetof(struct page_config, wayback), false, wayback_words},
	{"with", node_read_node, offsetof(struct page_config, with), false, NULL},
	{"facts", config_read_facts, 0, false, NULL},
	{"need", config_read_need, offsetof(struct page_config, need), false, NULL},
	{"depends_on", config_read_causes, 0, false, NULL},
	{"join", node_read_duration, offsetof(struct page_config, join), false, &age_range},
	{"match", config_read_pattern, offsetof(struct page_config, match), false, NULL},
	{"within", node_read_duration, offsetof(struct page_config, crowd.within), false,
		&window_range},
	{"times", node_read_number, offsetof(struct page_config, crowd.times), false, &times_range},
	{"least", node_read_number, offsetof(struct page_config, crowd.least), false, &least_range},
	SETTINGS_RULES(struct page_config, page_limits_rules),
	{0},
};

/* Sections are read after everything else, so that pages inherit settings wherever in the
 * file these are. Here only the form of a section is checked. */
static bool read_section(const struct node_walk *walk, struct node node, void *target)
{
	const struct node_range *range = walk->rule->detail;

	(void)target;
	if (node_is_nothing(node) && range->minimum == 0) /* all below it is commented out */
		return true;
	if (node_type(node) != NODE_LIST)
		return node_problem(walk->problems, node,
			"\"%s\" takes a list, in which each item begins with \"- \"",
			walk->rule->key);
	if (node_count(node) < (size_t)range->minimum)
		return node_problem(
			walk->problems, node, "\"%s\" is an empty list", walk->rule->key);
	return node_count(node) <= (size_t)range->maximum ||
	       node_problem(walk->problems, node, "\"%s\" takes at most %lld members, not %zu",
		       walk->rule->key, range->maximum, node_count(node));
}

/* Without a slash at its end, before which paths are put. */
static bool read_base(const struct node_walk *walk, struct node node, void *target)
{
	char **base = target;
	size_t length;

	if (!config_read_page_url(walk, node, target))
		return false;
	length = strlen(*base);
	while (length > 0 && (*base)[length - 1] == '/')
		(*base)[--length] = '\0';
	return strpbrk(*base, "?#@") == NULL ||
	       node_problem(walk->problems, node,
		       "\"%s\" takes an address without a query, a fragment, a user or a password",
		       walk->rule->key);
}

static const struct node_range checks_range = {1, CONFIG_CHECKS_MAX};
static const struct node_rule probe_rules[] = {
	{"name", config_read_name, offsetof(struct page_config, name), true, NULL},
	{"provider", config_read_label, offsetof(struct page_config, provider), false, NULL},
	{"checks", read_section, 0, true, &checks_range},
	{"reference", config_read_references, offsetof(struct page_config, references), false,
		NULL},
	{"publish", config_read_publish, offsetof(struct page_config, publish), false, NULL},
	SETTINGS_RULES(struct page_config, page_limits_rules),
	{0},
};

static const struct node_range stamp_range = {CONFIG_STAMP_MIN, CONFIG_EVERY_MAX};
static const struct node_rule timestamp_rules[] = {
	{"url", config_read_secret_url, offsetof(struct timestamp_config, url), true, NULL},
	{"ca_file", config_read_ca_file, offsetof(struct timestamp_config, ca_file), true, NULL},
	{"every", node_read_duration, offsetof(struct timestamp_config, every), false,
		&stamp_range},
	{0},
};

static const struct node_range pages_range = {0, CONFIG_PAGES_MAX};
static const struct node_range routes_range = {0, CONFIG_ROUTES_MAX};
static const struct node_range subscribers_range = {0, CONFIG_SUBSCRIBERS_MAX};
static const struct node_word site_words[] = {{"on", SITE_ON}, {"off", SITE_OFF}, {NULL, 0}};
static const struct node_range webhooks_range = {0, CONFIG_WEBHOOKS_MAX};
static const struct node_range maintenance_range = {0, WINDOWS_MAX};
static const struct node_rule file_rules[] = {
	{"archive", config_read_path, offsetof(struct config, archive), false, NULL},
	{"from", config_read_address, offsetof(struct config, from), false, NULL},
	{"operator", config_read_address, offsetof(struct config, admin), false, NULL},
	{"mail_in", config_read_address, offsetof(struct config, mail_in), false, NULL},
	{"mail_in_allow", config_read_labels, offsetof(struct config, mail_in_allow), false, NULL},
	{"timezone", config_read_zone, offsetof(struct config, timezone), false, NULL},
	{"user_agent_contact", config_read_header, offsetof(struct config, user_agent_contact),
		false, NULL},
	{"kinds", config_read_folder, offsetof(struct config, kinds), false, NULL},
	{"mail_templates", config_read_folder, offsetof(struct config, mail_templates), false,
		NULL},
	{"resolver", config_read_resolver, offsetof(struct config, resolver), false, NULL},
	{"pack_after", node_read_duration, offsetof(struct config, pack_after), false, &age_range},
	{"signing_key", config_read_path, offsetof(struct config, signing_key), false, NULL},
	{"timestamp", node_read_map, offsetof(struct config, timestamp), false, timestamp_rules},
	{"site", node_read_word, offsetof(struct config, site), false, site_words},
	{"serve_hosts", config_read_hosts, offsetof(struct config, serve_hosts), false, NULL},
	{"heartbeat", config_read_secret_url, offsetof(struct config, heartbeat), false, NULL},
	{"heartbeat_file", config_read_url_file, offsetof(struct config, heartbeat_file), false,
		NULL},
	{"metrics", config_read_written_file, offsetof(struct config, metrics), false, NULL},
	{"site_url", read_base, offsetof(struct config, site_url), false, NULL},
	{"subscribe", node_read_boolean, offsetof(struct config, subscribe), false, NULL},
	{"trusted_proxies", config_read_proxies, offsetof(struct config, trusted_proxies), false,
		NULL},
	{"wayback_base", read_base, offsetof(struct config, wayback_base), false, NULL},
	{"wayback_key_file", config_read_secret_file, offsetof(struct config, wayback_key_file),
		false, NULL},
	SETTINGS_RULES(struct config, limits_rules),
	{"pages", read_section, 0, false, &pages_range},
	{"probes", read_section, 0, false, &pages_range},
	{"routes", read_section, 0, false, &routes_range},
	{"subscribers", read_section, 0, false, &subscribers_range},
	{"webhooks", read_section, 0, false, &webhooks_range},
	{"maintenance", read_section, 0, false, &maintenance_range},
	{0},
};

/* Of a page or a probe, with the settings that it may override. */
static struct page_config *add_page(struct config *config, struct node node,
	const struct page_settings *settings, const struct node_rule *rules,
	struct problems *problems)
{
	struct page_config *page = memory_append(&config->pages, &config->page_count, sizeof *page);

	page->settings = *settings;
	page->need = NEED_ANY;
	page->join = DEFAULT_JOIN;
	page->line = node_line(node);
	node_walk_map(problems, node, rules, page, config);
	if (page->provider == NULL)
		page->provider = memory_string(page->name);
	return page;
}

static void read_pages(struct config *config, struct node list, struct problems *problems)
{
	for (size_t i = 0; i < node_count(list) && i < CONFIG_PAGES_MAX; i++) {
		struct node node = node_member(list, i);

		config_read_crowd(node,
			add_page(config, node, &config->settings, page_rules, problems), problems);
	}
}

/* One answer that fails, or one that does not, shows little. */
static void read_probes(struct config *config, struct node list, struct problems *problems)
{
	struct page_settings settings = config->settings;

	settings.confirm.worse = settings.confirm.better = 2;
	for (size_t i = 0; i < node_count(list) && i < CONFIG_PAGES_MAX; i++) {
		struct node node = node_member(list, i);
		struct page_config *probe =
			add_page(config, node, &settings, probe_rules, problems);

		probe->kind = memory_string(PROBE_KIND);
		probe->url =
			memory_format(PROBE_SCHEME "%s", probe->name != NULL ? probe->name : "");
		config_read_checks(config, node_find(node, "checks"), probe, problems);
	}
}

/* In the order of reading: a subscriber may name a webhook. */
static const struct {
	const char *key;
	void (*read)(struct config *config, struct node list, struct problems *problems);
} sections[] = {
	{"pages", read_pages},
	{"probes", read_probes},
	{"routes", config_read_routes},
	{"webhooks", config_read_webhooks},
	{"maintenance", config_read_maintenance},
	{"subscribers", config_read_subscribers},
};

static int by_line(const void *left, const void *right)
{
	const struct problem *a = left, *b = right;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return strcmp(a->text, b->text);
}

/* Takes over the document, which may be NULL. */
static struct config *read_document(
	const char *path, struct yaml *yaml, bool copy, struct problems *problems, size_t count)
{
	struct config *config;
	struct node root;

	if (yaml == NULL)
		return NULL;
	root = yaml_root(yaml);
	config = memory_zero(1, sizeof *config);
	config->path = memory_string(path);
	config->folder = file_folder(path);
	config->copy = copy;
	config->settings = default_settings;
	config->timestamp.every = 60 * 60 * 1000;
	config->pack_after = 30LL * 24 * 60 * 60 * 1000;
	config->yaml = yaml;
	node_walk_map(problems, root, file_rules, config, config);
	if (config->archive == NULL)
		config->archive = file_join(config->folder, DEFAULT_ARCHIVE);
	if (config->timezone == NULL)
		config->timezone = memory_string("UTC");
	if (config->wayback_base == NULL)
		config->wayback_base = memory_string(DEFAULT_WAYBACK);
	if (config->resolver == NULL && !text_empty(getenv("LAMPWATCH_RESOLVER")))
		config->resolver = memory_string(getenv("LAMPWATCH_RESOLVER"));
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		struct node list = node_find(root, sections[i].key);

		if (node_type(list) == NODE_LIST) /* anything else has been reported */
			sections[i].read(config, list, problems);
	}
	config->pages_by_name =
		index_by_id(config->pages, config->page_count, sizeof *config->pages);
	config_check(config, problems);
	config_check_causes(config, problems);
	if (problems->count > count)
		qsort(problems->list + count, problems->count - count, sizeof *problems->list,
			by_line);
	return config;
}

/* NULL, the configuration being freed, where there were errors. */
static struct config *without_errors(
	struct config *config, const struct problems *problems, size_t errors)
{
	if (problems->errors == errors)
		return config;
	config_free(config);
	return NULL;
}

struct config *config_read(const char *path, struct yaml *before, struct problems *problems)
{
	size_t count = problems->count;

	return read_document(path, yaml_load_again(path, before, problems), false, problems, count);
}

struct config *config_load(const char *path, struct yaml *before, struct problems *problems)
{
	size_t errors = problems->errors;

	return without_errors(config_read(path, before, problems), problems, errors);
}

static struct config *parse(
	const char *path, const char *text, size_t length, bool copy, struct problems *problems)
{
	size_t count = problems->count, errors = problems->errors;
	struct config *config = read_document(
		path, yaml_parse(path, text, length, problems), copy, problems, count);

	return without_errors(config, problems, errors);
}

struct config *config_parse(
	const char *path, const char *text, size_t length, struct problems *problems)
{
	return parse(path, text, length, false, problems);
}

struct config *config_parse_copy(
	const char *path, const char *text, size_t length, struct problems *problems)
{
	return parse(path, text, length, true, problems);
}

char *config_archive(const char *path, const struct yaml *yaml)
{
	const char *given = node_text(node_find(yaml_root(yaml), "archive"));
	char *folder = file_folder(path);
	char *archive = file_join(folder, text_empty(given) ? DEFAULT_ARCHIVE : given);

	free(folder);
	return archive;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	config_wipe(config); /* which frees its secrets: what is forked later must not find them */
	for (size_t i = 0; i < config->page_count; i++) {
		struct page_config *page = &config->pages[i];

		free(page->name);
		free(page->kind);
		free(page->provider);
		text_list_release(&page->indicators);
		config_probe_release(page);
		config_causes_release(page);
		config_crowd_release(page);
	}
	free(config->pages);
	index_release(&config->pages_by_name);
	config_receivers_free(config);
	config_maintenance_free(config);
	free(config->path);
	free(config->folder);
	free(config->archive);
	free(config->from);
	free(config->admin);
	free(config->mail_in);
	text_list_release(&config->mail_in_allow);
	text_list_release(&config->serve_hosts);
	free(config->timezone);
	free(config->user_agent_contact);
	free(config->kinds);
	free(config->mail_templates);
	free(config->resolver);
	free(config->signing_key);
	free(config->timestamp.ca_file);
	free(config->heartbeat_file);
	free(config->metrics);
	free(config->site_url);
	text_list_release(&config->trusted_proxies);
	free(config->wayback_base);
	free(config->wayback_key_file);
	free(config);
}

char *config_find(const char *given)
{
	static const char *const places[] = {CONFIG_HERE, CONFIG_SYSTEM};

	if (given != NULL)
		return memory_string(given);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (!file_absent(places[i]))
			return memory_string(places[i]);
	return NULL;
}

const struct page_config *config_page(const struct config *config, const char *name)
{
	return index_find(&config->pages_by_name, name);
}

const struct subscriber_config *config_subscriber(const struct config *config, const char *mail)
{
	for (size_t i = 0; i < config->subscriber_count; i++)
		if (strcasecmp(config->subscribers[i].mail, mail) == 0)
			return &config->subscribers[i];
	return NULL;
}

const struct webhook_config *config_webhook(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->webhook_count; i++)
		if (text_equal(config->webhooks[i].name, name))
			return &config->webhooks[i];
	return NULL;
}

const struct route_config *config_route(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->route_count; i++)
		if (text_equal(config->routes[i].name, name))
			return &config->routes[i];
	return NULL;
}

const struct node_rule *const config_file_rules = file_rules;

const struct node_rule *config_section_rules(const char *key)
{
	const struct {
		const char *key;
		const struct node_rule *rules;
	} lists[] = {
		{"pages", page_rules},
		{"probes", probe_rules},
		{"checks", config_check_rules},
		{"routes", config_route_rules},
		{"subscribers", config_subscriber_rules},
		{"webhooks", config_webhook_rules},
		{"maintenance", config_maintenance_rules},
	};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (strcmp(lists[i].key, key) == 0)
			return lists[i].rules;
	return NULL;
}

#define OFF "{\"const\": \"off\"}"

const struct config_shape config_file_shapes[] = {
	{read_flapping, SHAPE_RULES, OFF},
	{read_remind, SHAPE_DURATION, OFF},
	{read_timeout, SHAPE_RULES, NULL},
	{refuse_of_page, SHAPE_ONLY, "{\"not\": {}}"},
	{read_section, SHAPE_SECTION, NULL},
	{read_base, SHAPE_ONLY,
		"{\"type\": \"string\", \"pattern\": \"^[Hh][Tt][Tt][Pp][Ss]?://[^?#@]+$\"}"},
	{NULL, SHAPE_ONLY, NULL},
};
