/* SPDX-License-Identifier: ISC
 *
 * Routes, and who is told by them: subscribers and webhooks. What a webhook's service asks for is
 * known to the template alone: tell/service.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"
#include "config/secret.h"
#include "model/event.h"
#include "net/http.h"

#define FILE_ENDING "_file"

enum { PORT_SMTP = 25, PORT_SMTPS = 465, PORT_SUBMISSION = 587 };

static bool has(struct node map, const char *key)
{
	return node_type(node_find(map, key)) != NODE_NONE;
}

static bool read_relay(const struct node_walk *walk, struct node node, void *target)
{
	struct route_config *route = target;
	char *text = NULL;
	bool smtps, good = false;

	if (!node_read_text(walk, node, &text))
		return false;
	smtps = text_starts(text, "smtps:");
	memory_set(&route->host, NULL);
	if (strchr(text, '@') != NULL) {
		node_problem(walk->problems, node,
			"user and password do not belong in \"%s\": use \"user\" and "
			"\"password_file\"",
			walk->rule->key);
	} else if (!config_host_port(text, smtps ? "smtps" : "smtp", &route->host, &route->port)) {
		node_problem(walk->problems, node,
			"\"%s\" is a relay such as smtp://relay.example.net:587 or "
			"smtps://relay.example.net:465 (ports up to 65535), not \"%s\"%s",
			walk->rule->key, text, config_host_advice(text));
	} else {
		route->type = smtps ? ROUTE_SMTPS : ROUTE_SMTP;
		if (route->port == 0)
			route->port = smtps ? PORT_SMTPS : PORT_SUBMISSION;
		if (!smtps && route->port == PORT_SMTPS)
			node_problem(walk->problems, node,
				"port %d speaks TLS from the first byte: write smtps:// instead of "
				"smtp://",
				route->port);
		else if (smtps && (route->port == PORT_SMTP || route->port == PORT_SUBMISSION))
			node_problem(walk->problems, node,
				"port %d starts without TLS: write smtp://, which requires "
				"STARTTLS, instead of smtps://",
				route->port);
		else
			good = true;
	}
	free(text);
	return good;
}

static bool read_sendmail(const struct node_walk *walk, struct node node, void *target)
{
	struct route_config *route = target;

	route->type = ROUTE_SENDMAIL;
	return config_read_program(walk, node, &route->program);
}

static const struct node_word direct_words[] = {{"direct", ROUTE_MX}, {NULL, 0}};
static const struct node_range ports = {1, 65535};

static bool read_direct(const struct node_walk *walk, struct node node, void *target)
{
	struct route_config *route = target;

	route->tls = TLS_OFFERED;
	if (route->port == 0)
		route->port = PORT_SMTP;
	return node_read_word(walk, node, &route->type);
}

static bool read_port(const struct node_walk *walk, struct node node, void *target)
{
	int64_t port = 0;

	if (!node_read_number(walk, node, &port))
		return false;
	*(int *)target = (int)port;
	return true;
}

static const struct node_word tls_words[] = {
	{"required", TLS_REQUIRED}, {"off", TLS_OFF}, {NULL, 0}};
static const struct node_rule route_rules[] = {
	{"name", config_read_name, offsetof(struct route_config, name), true, NULL},
	{"smtp", read_relay, 0, false, NULL},
	{"sendmail", read_sendmail, 0, false, NULL},
	{"mx", read_direct, 0, false, direct_words},
	{"port", read_port, offsetof(struct route_config, port), false, &ports},
	{"tls", node_read_word, offsetof(struct route_config, tls), false, tls_words},
	{"ca_file", config_read_ca_file, offsetof(struct route_config, ca_file), false, NULL},
	{"helo", config_read_host, offsetof(struct route_config, helo), false, NULL},
	{"user", config_read_label, offsetof(struct route_config, user), false, NULL},
	{"password_file", config_read_secret_file, offsetof(struct route_config, password_file),
		false, NULL},
	{"token_file", config_read_token_file, offsetof(struct route_config, token_file), false,
		NULL},
	{"token_command", config_read_command, offsetof(struct route_config, token_command), false,
		NULL},
	{"depends", node_read_texts, offsetof(struct route_config, depends), false, NULL},
	{0},
};

/* The keys of a route that say by what user authenticates. */
static const char *const credential_keys[] = {"password_file", "token_file", "token_command"};

enum { CREDENTIALS = sizeof credential_keys / sizeof *credential_keys };

static void check_meaning(
	struct node node, const char *const *keys, const char *what, struct problems *problems)
{
	for (; *keys != NULL; keys++)
		if (has(node, *keys))
			node_problem(problems, node_find(node, *keys),
				"\"%s\" has no meaning for %s", *keys, what);
}

static bool is_loopback(const char *host)
{
	return text_equal(host, "localhost") || text_equal(host, "::1") ||
	       text_starts(host, "127.");
}

/* Whether the route names any, or a user. */
static bool check_credentials(
	const struct route_config *route, struct node node, struct problems *problems)
{
	const char *given = NULL;

	for (int i = 0; i < CREDENTIALS; i++) {
		if (!has(node, credential_keys[i]))
			continue;
		if (given != NULL)
			node_problem(problems, node_find(node, credential_keys[i]),
				"either \"%s\" or \"%s\", not both", given, credential_keys[i]);
		given = credential_keys[i];
		if (!has(node, "user"))
			node_problem(problems, node, "\"%s\" needs \"user\"", given);
	}
	if (given == NULL && has(node, "user"))
		node_problem(problems, node,
			"\"user\" needs \"password_file\", a file that holds the password and "
			"nothing else, or \"token_file\" or \"token_command\"");
	if ((has(node, "token_file") || has(node, "token_command")) && !has(node, "depends"))
		problems_warn(problems, node_file(node), node_line(node),
			"route \"%s\" does not work without whoever issues its token: name that "
			"provider in \"depends\", or say \"depends: []\"",
			route->name != NULL ? route->name : "");
	if (given != NULL && route->tls == TLS_OFF && route->type != ROUTE_SMTPS)
		node_problem(problems, node_find(node, "tls"),
			"with \"tls: off\" the password would travel in the clear; make it "
			"required, "
			"or leave out \"user\" and \"%s\"",
			given);
	return given != NULL || has(node, "user");
}

static void check_relay(
	const struct route_config *route, struct node node, struct problems *problems)
{
	struct node tls = node_find(node, "tls");
	bool secret = check_credentials(route, node, problems);

	if (route->tls != TLS_OFF)
		return;
	if (route->type == ROUTE_SMTPS)
		node_problem(problems, tls,
			"smtps:// is TLS from the first byte: \"tls\" cannot be off");
	else if (!secret && route->host != NULL && !is_loopback(route->host))
		problems_warn(problems, node_file(tls), node_line(tls),
			"with \"tls: off\" all mail to %s can be read and changed in transit",
			route->host);
}

static void check_route(
	const struct route_config *route, struct node node, struct problems *problems)
{
	static const char *const local[] = {"tls", "ca_file", "helo", "user", "password_file",
		"token_file", "token_command", "port", NULL};
	static const char *const direct[] = {
		"tls", "ca_file", "user", "password_file", "token_file", "token_command", NULL};
	static const char *const relay[] = {"port", NULL};
	int ways = has(node, "smtp") + has(node, "sendmail") + has(node, "mx");

	if (ways != 1) {
		node_problem(problems, node,
			"a route has one of \"smtp\", \"sendmail\" and \"mx\"%s",
			ways > 1 ? ", not several" : "");
	} else if (has(node, "smtp")) {
		check_meaning(node, relay, "a relay, whose port is part of its URL", problems);
		check_relay(route, node, problems);
	} else if (has(node, "mx")) {
		check_meaning(node, direct, "direct delivery by MX", problems);
	} else {
		check_meaning(node, local, "a sendmail program", problems);
	}
}

void config_read_routes(struct config *config, struct node list, struct problems *problems)
{
	for (size_t i = 0; i < node_count(list) && i < CONFIG_ROUTES_MAX; i++) {
		struct node node = node_member(list, i);
		struct route_config *route =
			memory_append(&config->routes, &config->route_count, sizeof *route);
		size_t before = problems->count;

		route->line = node_line(node);
		node_walk_map(problems, node, route_rules, route, config);
		route->trouble = config_trouble(config, problems, before);
		if (node_type(node) != NODE_MAP)
			continue;
		check_route(route, node, problems);
	}
}

static const struct node_word floor_words[] = {{"degraded", LEVEL_DEGRADED},
	{"partial_outage", LEVEL_PARTIAL_OUTAGE}, {"major_outage", LEVEL_MAJOR_OUTAGE}, {NULL, 0}};

const struct subscription subscription_default = {.floor = LEVEL_DEGRADED,
	.on = 1 << EVENT_RED | 1 << EVENT_GREEN | 1 << EVENT_FLAPPING | 1 << EVENT_INCIDENT |
	      1 << EVENT_EARLY};

/* The keys that all receivers have. */
#define SUBSCRIPTION_RULES(owner)                                                                  \
	{"pages", config_read_labels, offsetof(owner, subscription.pages), false, NULL},           \
		{"indicators", config_read_labels, offsetof(owner, subscription.indicators),       \
			false, NULL},                                                              \
		{"floor", node_read_word, offsetof(owner, subscription.floor), false,              \
			floor_words},                                                              \
		{"quiet", config_read_windows, offsetof(owner, subscription.quiet), false, NULL},  \
	{                                                                                          \
		"on", config_read_wanted, offsetof(owner, subscription.on), false, NULL            \
	}

static const struct node_rule subscriber_rules[] = {
	{"mail", config_read_address, offsetof(struct subscriber_config, mail), true, NULL},
	{"second", config_read_second, offsetof(struct subscriber_config, second), false, NULL},
	SUBSCRIPTION_RULES(struct subscriber_config),
	{0},
};

void config_read_subscribers(struct config *config, struct node list, struct problems *problems)
{
	for (size_t i = 0; i < node_count(list) && i < CONFIG_SUBSCRIBERS_MAX; i++) {
		struct node node = node_member(list, i);
		struct subscriber_config *subscriber = memory_append(
			&config->subscribers, &config->subscriber_count, sizeof *subscriber);

		subscriber->line = node_line(node);
		subscriber->subscription = subscription_default;
		node_walk_map(problems, node, subscriber_rules, subscriber, config);
	}
}

const struct parameter *config_parameter(const struct webhook_config *webhook, const char *name)
{
	for (size_t i = 0; i < webhook->with_count; i++)
		if (text_equal(webhook->with[i].name, name))
			return &webhook->with[i];
	return NULL;
}

static bool read_parameter(const struct node_walk *walk, struct webhook_config *webhook,
	struct node key, struct node node)
{
	bool secret = text_ends(node_text(key), FILE_ENDING);
	const struct node_rule rule = {.key = node_text(key)};
	const struct node_walk own = {walk->problems, &rule, walk->context};
	char *name = memory_bytes(
		node_text(key), strlen(node_text(key)) - (secret ? strlen(FILE_ENDING) : 0));
	char *value = NULL, *file = NULL;
	struct parameter *parameter;
	bool good;

	if (name[0] == '\0' || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
		good = node_problem(walk->problems, key,
			"\"with\" takes names of lower-case letters, digits and \"_\"");
	else if (config_parameter(webhook, name) != NULL)
		good = node_problem(walk->problems, key, "duplicate \"%s\" in \"with\"", name);
	else
		good = secret ? config_read_secret(&own, node, config_secret_line, &file, &value)
			      : config_read_label(&own, node, &value);
	if (good) {
		parameter = memory_append(&webhook->with, &webhook->with_count, sizeof *parameter);
		*parameter = (struct parameter){name, value, file, node_line(key)};
		return true;
	}
	free(name);
	free(file);
	secret_wipe(&value);
	return false;
}

static bool read_with(const struct node_walk *walk, struct node node, void *target)
{
	bool good = true;

	if (node_type(node) != NODE_MAP || node_count(node) > CONFIG_WITH_MAX)
		return node_problem(walk->problems, node,
			"\"with\" takes at most %d names and values", CONFIG_WITH_MAX);
	for (size_t i = 0; i < node_count(node); i++)
		good = read_parameter(walk, target, node_key(node, i), node_value(node, i)) && good;
	return good;
}

static bool read_url_file(const struct node_walk *walk, struct node node, void *target)
{
	struct webhook_config *webhook = target;

	secret_wipe(&webhook->url); /* where there is a url as well, which is complained of */
	return config_read_secret(walk, node, config_secret_url, &webhook->url_file, &webhook->url);
}

static const struct node_rule webhook_rules[] = {
	{"name", config_read_name, offsetof(struct webhook_config, name), true, NULL},
	{"url", config_read_secret_url, offsetof(struct webhook_config, url), false, NULL},
	{"url_file", read_url_file, 0, false, NULL},
	{"command", config_read_command, offsetof(struct webhook_config, command), false, NULL},
	{"secret_file", config_read_secrets_file, offsetof(struct webhook_config, secret_file),
		false, NULL},
	{"template", config_read_name, offsetof(struct webhook_config, template), false, NULL},
	{"template_file", config_read_copied_file, offsetof(struct webhook_config, template_file),
		false, NULL},
	{"with", read_with, 0, false, NULL},
	SUBSCRIPTION_RULES(struct webhook_config),
	{"depends", node_read_texts, offsetof(struct webhook_config, depends), false, NULL},
	{0},
};

static void check_webhook(
	struct webhook_config *webhook, struct node node, struct problems *problems)
{
	static const char *const program[] = {"secret_file", NULL};

	if (has(node, "url") + has(node, "url_file") + has(node, "command") > 1)
		node_problem(problems, node,
			"a webhook has one of \"url\", \"url_file\" and \"command\", not several");
	if (has(node, "command"))
		check_meaning(node, program, "a program", problems);
	if (has(node, "template") && has(node, "template_file"))
		node_problem(problems, node_find(node, "template_file"),
			"either \"template\", one of lampwatch's own, or \"template_file\", one of "
			"yours, not both");
	if (!has(node, "template") && !has(node, "template_file"))
		webhook->template = memory_string("generic");
}

/* The host of a URL, of which nothing else gets into memory that nobody wipes. Owned by the caller.
 */
static char *url_host(const char *url)
{
	const char *authority = strstr(url, "://") + strlen("://");
	size_t length = strcspn(authority, "/?#");
	const char *at = memchr(authority, '@', length), *begin = at != NULL ? at + 1 : authority;
	char *bare = memory_format("http://%.*s/", (int)(authority + length - begin), begin);
	char *host = http_url_host(bare);

	free(bare);
	return host;
}

static void add_line(struct digest_stream *stream, const char *before, const char *text)
{
	digest_add(stream, before, strlen(before));
	if (text != NULL)
		digest_add(stream, text, strlen(text));
}

/* Keeps what has to be known of its secrets, and not what is read again when it is needed. */
static void settle(struct webhook_config *webhook)
{
	struct digest_stream *target = digest_begin();

	webhook->host = webhook->url != NULL ? url_host(webhook->url) : NULL;
	add_line(target, "", webhook->url);
	for (size_t i = 0; i < webhook->command.count; i++)
		add_line(target, i > 0 ? " " : "", webhook->command.list[i]);
	for (size_t i = 0; i < webhook->with_count; i++) {
		struct parameter *parameter = &webhook->with[i];

		add_line(target, "\n", parameter->name);
		add_line(target, "=", parameter->value);
		if (parameter->file != NULL)
			secret_wipe(&parameter->value);
	}
	add_line(target, "\n", NULL);
	digest_end(target, webhook->target);
	if (webhook->url_file != NULL)
		secret_wipe(&webhook->url);
}

void config_read_webhooks(struct config *config, struct node list, struct problems *problems)
{
	for (size_t i = 0; i < node_count(list) && i < CONFIG_WEBHOOKS_MAX; i++) {
		struct node node = node_member(list, i);
		struct webhook_config *webhook =
			memory_append(&config->webhooks, &config->webhook_count, sizeof *webhook);
		size_t before = problems->count;

		webhook->line = node_line(node);
		webhook->subscription = subscription_default;
		node_walk_map(problems, node, webhook_rules, webhook, config);
		webhook->trouble = config_trouble(config, problems, before);
		settle(webhook);
		check_webhook(webhook, node, problems);
	}
}

void subscription_release(struct subscription *subscription)
{
	text_list_release(&subscription->pages);
	text_list_release(&subscription->indicators);
	windows_release(&subscription->quiet);
}

void config_receivers_free(struct config *config)
{
	for (size_t i = 0; i < config->route_count; i++) {
		struct route_config *route = &config->routes[i];

		free(route->name);
		free(route->host);
		free(route->program);
		free(route->ca_file);
		free(route->helo);
		free(route->user);
		free(route->password_file);
		free(route->token_file);
		text_list_release(&route->token_command);
		free(route->trouble);
		text_list_release(&route->depends);
	}
	free(config->routes);
	for (size_t i = 0; i < config->subscriber_count; i++) {
		free(config->subscribers[i].mail);
		free(config->subscribers[i].second);
		subscription_release(&config->subscribers[i].subscription);
	}
	free(config->subscribers);
	for (size_t i = 0; i < config->webhook_count; i++) {
		struct webhook_config *webhook = &config->webhooks[i];

		free(webhook->name);
		free(webhook->host);
		free(webhook->url_file);
		free(webhook->secret_file);
		text_list_release(&webhook->command);
		free(webhook->template);
		free(webhook->template_file);
		free(webhook->trouble);
		for (size_t j = 0; j < webhook->with_count; j++) {
			free(webhook->with[j].name);
			free(webhook->with[j].value);
			free(webhook->with[j].file);
		}
		free(webhook->with);
		subscription_release(&webhook->subscription);
		text_list_release(&webhook->depends);
	}
	free(config->webhooks);
}

const struct node_rule *const config_route_rules = route_rules;
const struct node_rule *const config_subscriber_rules = subscriber_rules;
const struct node_rule *const config_webhook_rules = webhook_rules;

const struct config_shape config_receiver_shapes[] = {
	{read_relay, SHAPE_ONLY,
		"{\"type\": \"string\", \"pattern\": \"^[Ss][Mm][Tt][Pp][Ss]?://[^@]+$\", "
		"\"description\": \"smtp://HOST:PORT (STARTTLS) or smtps://HOST\"}"},
	{read_sendmail, SHAPE_ONLY, "{\"type\": \"string\", \"pattern\": \"^/\"}"},
	{read_direct, SHAPE_WORDS, NULL},
	{read_port, SHAPE_NUMBER, NULL},
	{read_with, SHAPE_ONLY,
		"{\"type\": \"object\", \"propertyNames\": {\"pattern\": \"^[a-z0-9_]+$\"}, "
		"\"additionalProperties\": {\"type\": [\"string\", \"number\"]}}"},
	{read_url_file, SHAPE_ONLY,
		"{\"type\": \"string\", \"description\": \"a secret file that holds a URL\"}"},
	{NULL, SHAPE_ONLY, NULL},
};
