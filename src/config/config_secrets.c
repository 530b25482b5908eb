/* SPDX-License-Identifier: ISC
 *
 * Secrets: what stands in files of their own, read by the process that needs it, and what stands in
 * lampwatch.yaml itself, wiped by those that do not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "config/config_parts.h"
#include "config/secret.h"

/* ---- what is in a file ---- */

bool config_secret_lines(const struct config *config, const char *path, size_t maximum,
	struct text_list *lines, struct error *error)
{
	enum secret_rule rule = config->copy ? SECRET_NOT_CHANGED : SECRET_OURS;

	if (!secret_read(path, CONFIG_SECRET_MAX, rule, lines, error))
		return false;
	if (lines->count <= maximum)
		return true;
	secret_wipe_lines(lines);
	return error_set(error, REMEDY_CONFIGURATION, "%s %s", path,
		maximum == 1 ? "holds more than the one line of a secret"
			     : "holds more than two lines: the new secret, and below it the "
			       "previous one");
}

/* Takes over the only line. */
bool config_secret_line(
	const struct config *config, const char *path, char **text, struct error *error)
{
	struct text_list lines = {0};

	if (!config_secret_lines(config, path, 1, &lines, error))
		return false;
	*text = lines.list[0];
	free(lines.list);
	return true;
}

/* No URL has blanks: those at its ends are not part of it. */
bool config_secret_url(
	const struct config *config, const char *path, char **text, struct error *error)
{
	char *line = NULL, *begin;
	size_t length;

	if (!config_secret_line(config, path, &line, error))
		return false;
	begin = line + strspn(line, " \t");
	length = strlen(begin);
	while (length > 0 && strchr(" \t", begin[length - 1]) != NULL)
		length--;
	*text = memory_bytes(begin, length);
	secret_wipe(&line);
	if (config_url_valid(*text))
		return true;
	secret_wipe(text);
	return error_set(
		error, REMEDY_CONFIGURATION, "%s does not contain an http or https URL", path);
}

/* ---- by whom it is needed ---- */

bool route_secrets_read(const struct config *config, const struct route_config *route,
	struct route_config *own, struct error *error)
{
	*own = *route;
	own->password = NULL;
	own->token = NULL;
	return route->password_file == NULL ||
	       config_secret_line(config, route->password_file, &own->password, error);
}

void route_secrets_wipe(struct route_config *own)
{
	secret_wipe(&own->password);
	secret_wipe(&own->token);
}

bool webhook_secrets_read(const struct config *config, const struct webhook_config *webhook,
	struct webhook_config *own, struct error *error)
{
	bool good = true;

	*own = *webhook;
	own->url = memory_string(webhook->url);
	own->secrets = (struct text_list){0};
	own->with = memory_zero(webhook->with_count, sizeof *own->with);
	for (size_t i = 0; i < webhook->with_count; i++) {
		own->with[i] = webhook->with[i];
		own->with[i].value = memory_string(webhook->with[i].value);
	}
	if (webhook->url_file != NULL)
		good = config_secret_url(config, webhook->url_file, &own->url, error);
	if (good && webhook->secret_file != NULL)
		good = config_secret_lines(
			config, webhook->secret_file, CONFIG_SECRETS_MAX, &own->secrets, error);
	for (size_t i = 0; good && i < webhook->with_count; i++)
		good = webhook->with[i].file == NULL ||
		       config_secret_line(
			       config, webhook->with[i].file, &own->with[i].value, error);
	return good;
}

void webhook_secrets_wipe(struct webhook_config *own)
{
	secret_wipe(&own->url);
	secret_wipe_lines(&own->secrets);
	for (size_t i = 0; i < own->with_count; i++)
		secret_wipe(&own->with[i].value);
	free(own->with);
	own->with = NULL;
}

bool check_password_read(const struct config *config, const struct check *check, char **password,
	struct error *error)
{
	return config_secret_line(config, check->password_file, password, error);
}

char *heartbeat_secret_read(const struct config *config, struct error *error)
{
	char *url = memory_string(config->heartbeat);

	if (config->heartbeat_file != NULL)
		config_secret_url(config, config->heartbeat_file, &url, error);
	return url;
}

char *wayback_secret_read(const struct config *config, struct error *error)
{
	char *key = NULL;

	if (config_secret_line(config, config->wayback_key_file, &key, error) &&
		strchr(key, ':') == NULL) {
		secret_wipe(&key);
		error_set(error, REMEDY_CONFIGURATION, "%s does not contain ACCESS:SECRET",
			config->wayback_key_file);
	}
	return key;
}

void config_wipe(struct config *config)
{
	for (size_t i = 0; i < config->page_count; i++) {
		struct page_config *page = &config->pages[i];

		secret_wipe(&page->url);
		for (size_t j = 0; j < page->check_count; j++)
			if (page->checks[j].type == CHECK_HTTP) /* the others name a host alone */
				secret_wipe(&page->checks[j].target);
		secret_wipe_lines(&page->references);
		page->with = (struct node){0};
	}
	for (size_t i = 0; i < config->webhook_count; i++)
		secret_wipe(&config->webhooks[i].url);
	secret_wipe(&config->heartbeat);
	secret_wipe(&config->timestamp.url);
	yaml_close(config->yaml);
	config->yaml = NULL;
}
