/* SPDX-License-Identifier: ISC
 *
 * Probes, which are checks that we make ourselves, and the facts of pages: which checks show how an
 * indicator really is.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"
#include "config/pattern.h"
#include "net/address.h"

enum {
	STATUS_MIN = 100,
	STATUS_MAX = 599,
	DAYS_SOON = 14,
	BEYOND_WITHIN = 10 * 1000 /* milliseconds */
};

#define OF(type) (1 << (type))
#define OF_MAIL (OF(CHECK_IMAP) | OF(CHECK_POP3) | OF(CHECK_SMTP))
#define OF_TLS (OF_MAIL | OF(CHECK_HTTP) | OF(CHECK_TLS))

/* ---- values ---- */

static bool take_type(struct check *check, const struct node_walk *walk, struct node node)
{
	if (check->target != NULL)
		return node_problem(walk->problems, node,
			"a check measures one thing: \"%s\" or \"%s\", not both",
			check_type_names[check->type], walk->rule->key);
	for (int type = 0; type < CHECK_TYPES; type++)
		if (text_equal(check_type_names[type], walk->rule->key))
			check->type = type;
	return true;
}

static bool read_http(const struct node_walk *walk, struct node node, void *target)
{
	struct check *check = target;

	return take_type(check, walk, node) && config_read_page_url(walk, node, &check->target);
}

static bool is_single(const struct node_walk *walk, struct node node)
{
	return node_type(node) == NODE_SCALAR ||
	       node_problem(walk->problems, node,
		       "\"%s\" takes a single value, not a list or a map", walk->rule->key);
}

/* "imap://HOST", or with an s: TLS from the start. */
static bool read_mail(const struct node_walk *walk, struct node node, void *target)
{
	struct check *check = target;
	const char *scheme = walk->rule->key, *text = node_text(node);
	char *secure = memory_format("%ss", scheme), *host = NULL;
	int port;
	bool good = take_type(check, walk, node) && is_single(walk, node);

	if (good && !config_host_port(text, scheme, &host, &port) &&
		!config_host_port(text, secure, &host, &port))
		good = node_problem(walk->problems, node,
			"\"%s\" takes an address such as %s://mail.example.org (with STARTTLS, "
			"which is required) or %ss://mail.example.org, not \"%s\"%s",
			scheme, scheme, scheme, text, config_host_advice(text));
	if (good)
		memory_set(&check->target, text);
	free(host);
	free(secure);
	return good;
}

static bool read_port(const struct node_walk *walk, struct node node, void *target)
{
	struct check *check = target;
	char *url = memory_format("tcp://%s", node_text(node)), *host = NULL;
	int port = 0;
	bool good = take_type(check, walk, node) && is_single(walk, node);

	if (good &&
		(!config_host_port(url, "tcp", &host, &port) || port == 0 || text_ends(url, "/")))
		good = node_problem(walk->problems, node,
			"\"%s\" takes HOST:PORT such as mail.example.org:993, not \"%s\"%s",
			walk->rule->key, node_text(node), config_host_advice(node_text(node)));
	if (good)
		memory_set(&check->target, node_text(node));
	free(host);
	free(url);
	return good;
}

static bool read_name(const struct node_walk *walk, struct node node, void *target)
{
	struct check *check = target;

	if (!take_type(check, walk, node))
		return false;
	if (node_text(node)[0] == '[')
		return node_problem(walk->problems, node,
			"\"dns\" takes a name such as www.example.org, not \"%s\": nobody "
			"looks up an address",
			node_text(node));
	return config_read_host(walk, node, &check->target);
}

/* The field's name is a token (RFC 9110 section 5.6.2). */
static bool read_header(const struct node_walk *walk, struct node node, void *target)
{
	static const char name_bytes[] = "!#$%&'*+-.^_`|~0123456789"
					 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *text = node_text(node);
	const size_t name = strspn(text, name_bytes);

	if (!config_read_label(walk, node, target))
		return false;
	return (name > 0 && (text[name] == ':' || text[name] == '\0')) ||
	       node_problem(walk->problems, node,
		       "\"header\" takes a field such as \"Server: nginx\", or its name alone, not "
		       "\"%s\"",
		       text);
}

/* Numbers from 100 to 599, kept with commas. */
static bool read_status(const struct node_walk *walk, struct node node, void *target)
{
	struct text_list words = {0};
	struct buffer joined = {0};
	const char *wrong = NULL;
	bool good = node_read_texts(walk, node, &words);

	for (size_t i = 0; i < words.count && wrong == NULL; i++) {
		int status = strspn(words.list[i], "0123456789") == strlen(words.list[i])
				     ? atoi(words.list[i])
				     : 0;

		if (status < STATUS_MIN || status > STATUS_MAX)
			wrong = words.list[i];
		buffer_format(&joined, "%s%d", i > 0 ? "," : "", status);
	}
	if (good && (wrong != NULL || words.count == 0 || words.count > CHECK_STATUSES_MAX))
		good = node_problem(walk->problems, node,
			"\"status\" takes one to %d numbers of HTTP such as [200, 302], not \"%s\"",
			CHECK_STATUSES_MAX, wrong != NULL ? wrong : "[]");
	if (good)
		memory_set(target, buffer_string(&joined));
	buffer_release(&joined);
	text_list_release(&words);
	return good;
}

bool config_read_pattern(const struct node_walk *walk, struct node node, void *target)
{
	struct regex_cache *cache = regex_cache_new();
	char *const *pattern = target;
	struct error error = {0};
	bool found, good = config_read_label(walk, node, target);

	if (good && !regex_matches(cache, "", *pattern, "", &found, &error))
		good = node_problem(
			walk->problems, node, "\"%s\": %s", walk->rule->key, error.text);
	regex_cache_free(cache);
	return good;
}

/* Several, of which one must be there; kept one a line. */
static bool read_answers(const struct node_walk *walk, struct node node, void *target)
{
	struct text_list answers = {0};
	struct buffer joined = {0};
	bool good = config_read_labels(walk, node, &answers);

	if (good && answers.count > CHECK_ANSWERS_MAX)
		good = node_problem(walk->problems, node, "\"answer\" takes at most %d texts",
			CHECK_ANSWERS_MAX);
	for (size_t i = 0; i < answers.count; i++)
		buffer_format(&joined, "%s%s", i > 0 ? "\n" : "", answers.list[i]);
	if (good)
		memory_set(target, buffer_string(&joined));
	buffer_release(&joined);
	text_list_release(&answers);
	return good;
}

static const struct node_word record_words[] = {
	{"A", 0}, {"AAAA", 1}, {"CNAME", 2}, {"MX", 3}, {"TXT", 4}, {NULL, 0}};

static bool read_record(const struct node_walk *walk, struct node node, void *target)
{
	int word;

	if (!node_read_word(walk, node, &word))
		return false;
	memory_set(target, record_words[word].name);
	return true;
}

/* ---- a check ---- */

static const struct node_range within_range = {1, CONFIG_TIMEOUT_MAX};
static const struct node_range total_range = {CONFIG_TIMEOUT_MIN, CONFIG_TIMEOUT_MAX};
static const struct node_range redirects_range = {0, CONFIG_REDIRECTS_MAX};
static const struct node_range days_range = {0, CONFIG_DAYS_MAX};

static const struct node_rule check_rules[] = {
	{"name", config_read_name, offsetof(struct check, name), true, NULL},
	{"http", read_http, 0, false, NULL},
	{"imap", read_mail, 0, false, NULL},
	{"pop3", read_mail, 0, false, NULL},
	{"smtp", read_mail, 0, false, NULL},
	{"tcp", read_port, 0, false, NULL},
	{"tls", read_port, 0, false, NULL},
	{"dns", read_name, 0, false, NULL},
	{"status", read_status, offsetof(struct check, status), false, NULL},
	{"contains", config_read_label, offsetof(struct check, contains), false, NULL},
	{"matches", config_read_pattern, offsetof(struct check, matches), false, NULL},
	{"header", read_header, offsetof(struct check, header), false, NULL},
	{"redirects", node_read_number, offsetof(struct check, redirects), false, &redirects_range},
	{"within", node_read_duration, offsetof(struct check, within), false, &within_range},
	{"timeout", node_read_duration, offsetof(struct check, total), false, &total_range},
	{"days", node_read_number, offsetof(struct check, days), false, &days_range},
	{"ca_file", config_read_ca_file, offsetof(struct check, ca_file), false, NULL},
	{"type", read_record, offsetof(struct check, record), false, record_words},
	{"answer", read_answers, offsetof(struct check, answers), false, NULL},
	{"server", config_read_resolver, offsetof(struct check, server), false, NULL},
	{"user", config_read_label, offsetof(struct check, user), false, NULL},
	{"password_file", config_read_secret_file, offsetof(struct check, password_file), false,
		NULL},
	{0},
};

/* Which checks each key is for; the others are for all. */
static const struct {
	const char *key;
	int types; /* as bits */
} meanings[] = {
	{"status", OF(CHECK_HTTP)},
	{"contains", OF(CHECK_HTTP)},
	{"matches", OF(CHECK_HTTP)},
	{"header", OF(CHECK_HTTP)},
	{"redirects", OF(CHECK_HTTP)},
	{"days", OF_TLS},
	{"ca_file", OF_TLS},
	{"type", OF(CHECK_DNS)},
	{"answer", OF(CHECK_DNS)},
	{"server", OF(CHECK_DNS)},
	{"user", OF_MAIL},
	{"password_file", OF_MAIL},
};

static bool says(struct node node, const char *key)
{
	return node_type(node_find(node, key)) != NODE_NONE;
}

static void check_meanings(const struct check *check, struct node node, struct problems *problems)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (says(node, meanings[i].key) && (meanings[i].types & OF(check->type)) == 0)
			node_problem(problems, node_find(node, meanings[i].key),
				"\"%s\" has no meaning for a check of \"%s\"", meanings[i].key,
				check_type_names[check->type]);
	}
}

static void check_whole(const struct check *check, struct node node, struct problems *problems)
{
	const bool user = says(node, "user"), password = says(node, "password_file");

	if (check->target == NULL) {
		for (int type = 0; type < CHECK_TYPES; type++)
			if (says(node, check_type_names[type]))
				return; /* and has been complained of */
		node_problem(problems, node,
			"a check needs what it measures: \"http\", \"imap\", \"pop3\", \"smtp\", "
			"\"tcp\", \"tls\" or \"dns\"");
		return;
	}
	check_meanings(check, node, problems);
	if (user != password)
		node_problem(problems, node, "a check that logs in needs \"%s\", too",
			user ? "password_file" : "user");
	if (check->within >= check->total)
		node_problem(problems, node_find(node, "within"),
			"\"within\" is not shorter than \"timeout\", after which there is no "
			"answer at all");
}

/* Its probe is looked at when its last check has ended: none keeps the others waiting for long. */
static int64_t default_total(const struct check *check, const struct page_config *probe)
{
	int64_t total = check->within + BEYOND_WITHIN, most = probe->settings.timeout.total;

	return total < most ? total : most;
}

static void read_check(struct config *config, struct node node, struct page_config *probe,
	struct problems *problems)
{
	struct check *check = memory_append(&probe->checks, &probe->check_count, sizeof *check);

	check->redirects = probe->settings.limits.redirects;
	check->days = -1;
	node_walk_map(problems, node, check_rules, check, config);
	if (check->total == 0)
		check->total = default_total(check, probe);
	if (node_type(node) == NODE_MAP)
		check_whole(check, node, problems);
	if (check->days < 0)
		check->days = check->type == CHECK_TLS ? DAYS_SOON : 0;
	if (check->type == CHECK_DNS && check->record == NULL)
		check->record = memory_string("A");
	if (check->type == CHECK_DNS && check->server == NULL)
		check->server = memory_string(config->resolver);
	for (size_t i = 0; check->name != NULL && i + 1 < probe->check_count; i++)
		if (text_equal(probe->checks[i].name, check->name))
			node_problem(problems, node, "duplicate check \"%s\"", check->name);
}

/* ---- a probe ---- */

bool config_read_references(const struct node_walk *walk, struct node node, void *target)
{
	const struct text_list *references = target;
	const char *wrong = NULL;

	if (!node_read_texts(walk, node, target))
		return false;
	for (size_t i = 0; i < references->count && wrong == NULL; i++)
		if (!config_url_valid(references->list[i]))
			wrong = references->list[i];
	if (wrong == NULL && references->count > 0 && references->count <= CONFIG_REFERENCES_MAX)
		return true;
	return node_problem(walk->problems, node,
		"\"%s\" takes one to %d addresses such as https://www.example.org/, not \"%s\"%s",
		walk->rule->key, CONFIG_REFERENCES_MAX, wrong != NULL ? wrong : "[]",
		config_host_advice(wrong != NULL ? wrong : ""));
}

bool config_read_publish(const struct node_walk *walk, struct node node, void *target)
{
	bool publish = false;

	if (!node_read_boolean(walk, node, &publish))
		return false;
	*(int *)target = publish ? PUBLISH_YES : PUBLISH_NO;
	return true;
}

/* As it is written. */
static bool is_private(const char *target)
{
	char *host = config_host_part(target);
	bool literal, here = !address_text_is_public(host, &literal);

	here = (literal && here) || strcasecmp(host, "localhost") == 0;
	free(host);
	return here;
}

/* A login says who we are, a private address where, and a name server in there what names are. That
 * of all look-ups is none of the check's. */
static bool is_ours(const struct config *config, const struct check *check)
{
	return check->user != NULL || (check->target != NULL && is_private(check->target)) ||
	       (check->type == CHECK_DNS && check->server != NULL &&
		       !text_equal(check->server, config->resolver) && is_private(check->server));
}

static bool may_publish(const struct config *config, const struct page_config *probe)
{
	for (size_t i = 0; i < probe->check_count; i++)
		if (is_ours(config, &probe->checks[i]))
			return false;
	for (size_t i = 0; i < probe->references.count; i++)
		if (is_private(probe->references.list[i]))
			return false;
	return true;
}

void config_read_checks(struct config *config, struct node list, struct page_config *probe,
	struct problems *problems)
{
	const size_t count = node_type(list) == NODE_LIST ? node_count(list) : 0;

	for (size_t i = 0; i < count && i < CONFIG_CHECKS_MAX; i++)
		read_check(config, node_member(list, i), probe, problems);
	if (probe->publish == PUBLISH_UNSAID && !may_publish(config, probe))
		probe->publish = PUBLISH_NO;
}

char *config_check_ca_files(const struct config *config)
{
	struct text_list files = {0};
	struct buffer lines = {0};

	for (size_t i = 0; i < config->page_count; i++)
		for (size_t j = 0; j < config->pages[i].check_count; j++) {
			const char *file = config->pages[i].checks[j].ca_file;

			if (file != NULL && !text_list_has(&files, file))
				text_list_add(&files, file);
		}
	for (size_t i = 0; i < files.count; i++)
		buffer_format(&lines, "%s\n", files.list[i]);
	text_list_release(&files);
	return buffer_take(&lines);
}

size_t config_probe_count(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->page_count; i++)
		count += config->pages[i].check_count > 0;
	return count;
}

/* ---- facts ---- */

static bool read_fact(
	const struct node_walk *walk, struct node key, struct node node, struct fact_config *fact)
{
	fact->indicator = memory_string(node_text(key));
	fact->line = node_line(key);
	return node_read_texts(walk, node, &fact->checks) &&
	       ((fact->checks.count > 0 && fact->checks.count <= CONFIG_FACT_CHECKS_MAX) ||
		       node_problem(walk->problems, node,
			       "\"%s\" takes one to %d checks such as mail/web", fact->indicator,
			       CONFIG_FACT_CHECKS_MAX));
}

bool config_read_facts(const struct node_walk *walk, struct node node, void *target)
{
	struct page_config *page = target;
	bool good = true;

	if (node_type(node) != NODE_MAP || node_count(node) > CONFIG_FACTS_MAX)
		return node_problem(walk->problems, node,
			"\"facts\" takes a map of at most %d indicators, each with its checks, "
			"such as {Gmail: [mail/web, mail/imap]}",
			CONFIG_FACTS_MAX);
	for (size_t i = 0; i < node_count(node); i++)
		good = read_fact(walk, node_key(node, i), node_value(node, i),
			       memory_append(
				       &page->facts, &page->fact_count, sizeof *page->facts)) &&
		       good;
	return good;
}

bool config_read_need(const struct node_walk *walk, struct node node, void *target)
{
	static const struct node_range range = {1, CONFIG_FACT_CHECKS_MAX};
	const struct node_rule rule = {walk->rule->key, NULL, 0, false, &range};
	const struct node_walk number = {walk->problems, &rule, walk->context};
	int64_t *need = target;

	if (text_equal(node_text(node), "any") || text_equal(node_text(node), "all")) {
		*need = text_equal(node_text(node), "any") ? NEED_ANY : NEED_ALL;
		return true;
	}
	return (node_type(node) == NODE_SCALAR &&
		       strspn(node_text(node), "0123456789") == strlen(node_text(node)) &&
		       node_read_number(&number, node, need)) ||
	       node_problem(walk->problems, node, "\"need\" takes any, all or a number");
}

const struct fact_config *config_facts(
	const struct page_config *page, const char *id, const char *group, const char *name)
{
	for (size_t i = 0; i < page->fact_count; i++)
		if (pattern_fits(page->facts[i].indicator, id, group, name))
			return &page->facts[i];
	return NULL;
}

void config_probe_release(struct page_config *page)
{
	for (size_t i = 0; i < page->check_count; i++) {
		struct check *check = &page->checks[i];
		char *const strings[] = {check->name, check->target, check->status, check->contains,
			check->matches, check->header, check->record, check->answers, check->server,
			check->ca_file, check->user, check->password_file};

		for (size_t j = 0; j < sizeof strings / sizeof *strings; j++)
			free(strings[j]);
	}
	for (size_t i = 0; i < page->fact_count; i++) {
		free(page->facts[i].indicator);
		text_list_release(&page->facts[i].checks);
	}
	free(page->checks);
	free(page->facts);
	text_list_release(&page->references);
}

const struct node_rule *const config_check_rules = check_rules;

#define TEXT "{\"type\": [\"string\", \"number\"]}"
#define STATUS "{\"type\": \"integer\", \"minimum\": 100, \"maximum\": 599}"

const struct config_shape config_check_shapes[] = {
	{read_http, SHAPE_ONLY,
		"{\"type\": \"string\", \"pattern\": \"^[Hh][Tt][Tt][Pp][Ss]?://\"}"},
	{read_mail, SHAPE_ONLY, "{\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9]+://\"}"},
	{read_port, SHAPE_ONLY,
		"{\"type\": \"string\", \"pattern\": \":[0-9]+$\", \"description\": "
		"\"HOST:PORT\"}"},
	{read_name, SHAPE_ONLY, "{\"type\": \"string\", \"description\": \"a host name\"}"},
	{read_status, SHAPE_ONLY,
		"{\"anyOf\": [" STATUS ", {\"type\": \"array\", \"minItems\": 1, \"items\": " STATUS
		"}]}"},
	{read_header, SHAPE_ONLY,
		"{\"type\": \"string\", \"maxLength\": 256, \"pattern\": \"^[^ :]+(:|$)\"}"},
	{read_answers, SHAPE_ONLY,
		"{\"anyOf\": [" TEXT ", {\"type\": \"array\", \"minItems\": 1, \"items\": " TEXT
		"}]}"},
	{read_record, SHAPE_WORDS, NULL},
	{NULL, SHAPE_ONLY, NULL},
};
