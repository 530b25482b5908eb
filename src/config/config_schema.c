/* SPDX-License-Identifier: ISC */
#include "config/config_schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "config/config_parts.h"

#define LABEL "\"type\": [\"string\", \"number\"], \"minLength\": 1"
#define ONE_OR_MORE(item)                                                                          \
	"{\"anyOf\": [" item ", {\"type\": \"array\", \"minItems\": 1, \"items\": " item "}]}"
#define URL "{\"type\": \"string\", \"pattern\": \"^[Hh][Tt][Tt][Pp][Ss]?://\"}"
#define TEXTS "{\"anyOf\": [{" LABEL "}, {\"type\": \"array\", \"items\": {" LABEL "}}]}"
#define NAMED(items) "{\"type\": \"object\", \"additionalProperties\": " items "}"

/* Of the readers that several files use; a file's own stand at its end. */
static const struct config_shape common_shapes[] = {
	{node_read_text, SHAPE_ONLY, "{" LABEL "}"},
	{node_read_texts, SHAPE_ONLY, TEXTS},
	{node_read_node, SHAPE_ONLY, "{\"type\": \"object\"}"},
	{node_read_boolean, SHAPE_ONLY, "{\"type\": \"boolean\"}"},
	{node_read_number, SHAPE_NUMBER, NULL},
	{node_read_duration, SHAPE_DURATION, NULL},
	{node_read_size, SHAPE_SIZE, NULL},
	{node_read_word, SHAPE_WORDS, NULL},
	{node_read_map, SHAPE_RULES, NULL},
	{config_read_address, SHAPE_ONLY,
		"{\"type\": \"string\", \"pattern\": \"^[^@ ]+@[^@ ]+$\", \"description\": \"a "
		"mail "
		"address\"}"},
	{config_read_second, SHAPE_ONLY,
		"{\"type\": \"string\", \"pattern\": \"^(webhook:.+|[^@ ]+@[^@ ]+)$\", "
		"\"description\": \"a mail address, or webhook:NAME\"}"},
	{config_read_name, SHAPE_ONLY,
		"{\"type\": [\"string\", \"integer\"], \"pattern\": "
		"\"^[a-z0-9][a-z0-9._-]{0,63}$\", "
		"\"description\": \"a name of a-z, 0-9, '.', '_' and '-'\"}"},
	{config_read_label, SHAPE_ONLY, "{" LABEL ", \"maxLength\": 256}"},
	{config_read_pattern, SHAPE_ONLY,
		"{" LABEL
		", \"maxLength\": 256, \"description\": \"a regular expression (PCRE2)\"}"},
	{config_read_labels, SHAPE_ONLY, ONE_OR_MORE("{" LABEL ", \"maxLength\": 256}")},
	{config_read_header, SHAPE_ONLY, "{\"type\": \"string\", \"pattern\": \"^[ -~]{1,256}$\"}"},
	{config_read_host, SHAPE_ONLY, "{" LABEL ", \"description\": \"a host name\"}"},
	{config_read_hosts, SHAPE_ONLY, TEXTS},
	{config_read_proxies, SHAPE_ONLY, TEXTS},
	{config_read_path, SHAPE_ONLY, "{" LABEL ", \"description\": \"a path\"}"},
	{config_read_ca_file, SHAPE_ONLY, "{" LABEL ", \"description\": \"a file\"}"},
	{config_read_copied_file, SHAPE_ONLY, "{" LABEL ", \"description\": \"a file\"}"},
	{config_read_written_file, SHAPE_ONLY, "{" LABEL ", \"description\": \"a file\"}"},
	{config_read_folder, SHAPE_ONLY, "{" LABEL ", \"description\": \"a folder\"}"},
	{config_read_program, SHAPE_ONLY,
		"{\"type\": \"string\", \"pattern\": \"^/\", \"description\": \"a program\"}"},
	{config_read_command, SHAPE_ONLY,
		"{\"anyOf\": [{\"type\": \"string\", \"pattern\": \"^/\"}, {\"type\": \"array\", "
		"\"minItems\": 1, \"maxItems\": 64, \"items\": {" LABEL "}}]}"},
	{config_read_secret_file, SHAPE_ONLY, "{" LABEL ", \"description\": \"a secret file\"}"},
	{config_read_secrets_file, SHAPE_ONLY, "{" LABEL ", \"description\": \"a secret file\"}"},
	{config_read_token_file, SHAPE_ONLY, "{" LABEL ", \"description\": \"a secret file\"}"},
	{config_read_url_file, SHAPE_ONLY,
		"{" LABEL ", \"description\": \"a secret file that holds a URL\"}"},
	{config_read_page_url, SHAPE_ONLY, URL},
	{config_read_secret_url, SHAPE_ONLY, URL},
	{config_read_zone, SHAPE_ONLY,
		"{\"type\": \"string\", \"description\": \"a time zone such as Europe/Berlin\"}"},
	{config_read_resolver, SHAPE_ONLY,
		"{\"type\": \"string\", \"description\": \"an IP address, perhaps with a port\"}"},
	{config_read_wanted, SHAPE_EVENTS, NULL},
	{config_read_windows, SHAPE_WINDOWS, NULL},
	{config_read_references, SHAPE_ONLY, ONE_OR_MORE(URL)},
	{config_read_publish, SHAPE_ONLY, "{\"type\": \"boolean\"}"},
	{config_read_facts, SHAPE_ONLY, NAMED(TEXTS)},
	{config_read_need, SHAPE_ONLY,
		"{\"anyOf\": [{\"enum\": [\"any\", \"all\"]}, {\"type\": \"integer\", \"minimum\": "
		"1}]}"},
	{config_read_causes, SHAPE_ONLY,
		"{\"anyOf\": [{" LABEL "}, {\"type\": \"array\", \"items\": {" LABEL
		"}}, " NAMED(TEXTS) "]}"},
	{NULL, SHAPE_ONLY, NULL},
};

static const struct config_shape *const tables[] = {common_shapes, config_file_shapes,
	config_check_shapes, config_receiver_shapes, config_window_shapes};

static struct value *schema_of_rules(const struct node_rule *rules);

static struct value *parsed(const char *json)
{
	return json_parse(json, strlen(json), NULL);
}

static struct value *any_of(struct value *one, struct value *other)
{
	struct value *schema = value_map();
	struct value *list = value_put(schema, "anyOf", value_list());

	value_append(list, one);
	value_append(list, other);
	return schema;
}

static struct value *list_of(struct value *items, long long least, long long most)
{
	struct value *schema = value_map();

	value_put_text(schema, "type", "array");
	value_put_number(schema, "minItems", least);
	value_put_number(schema, "maxItems", most);
	value_put(schema, "items", items);
	return schema;
}

static struct value *schema_of_words(const struct node_word *words)
{
	struct value *schema = value_map();
	struct value *list = value_put(schema, "enum", value_list());

	for (; words->name != NULL; words++)
		value_append(list, value_text(words->name));
	return schema;
}

static struct value *schema_of_number(const struct node_range *range)
{
	struct value *schema = parsed("{\"type\": \"integer\"}");

	if (range != NULL) {
		value_put_number(schema, "minimum", range->minimum);
		value_put_number(schema, "maximum", range->maximum);
	}
	return schema;
}

static struct value *schema_of_events(void)
{
	struct value *words = value_map();
	struct value *list = value_put(words, "enum", value_list());
	struct buffer text = {0};
	char *rest = NULL;

	config_wanted_words(&text);
	for (char *word = strtok_r(text.data, ", ", &rest); word != NULL;
		word = strtok_r(NULL, ", ", &rest))
		value_append(list, value_text(word));
	buffer_release(&text);
	return any_of(list_of(words, 1, (long long)list->count), value_copy(words));
}

/* A section's list; nothing at all where its members are commented out and it may be empty. */
static struct value *schema_of_section(const struct node_rule *rule)
{
	const struct node_range *range = rule->detail;
	const struct node_rule *rules = config_section_rules(rule->key);
	struct value *list = list_of(schema_of_rules(rules), range->minimum, range->maximum);

	return range->minimum > 0 ? list : any_of(parsed("{\"type\": \"null\"}"), list);
}

static struct value *schema_of_detail(
	const struct config_shape *shape, const struct node_rule *rule)
{
	switch (shape->detail) {
	case SHAPE_ONLY:
		break;
	case SHAPE_WORDS:
		return schema_of_words(rule->detail);
	case SHAPE_NUMBER:
		return schema_of_number(rule->detail);
	case SHAPE_DURATION:
		return parsed("{\"type\": \"string\", \"pattern\": \"^[0-9]+(ms|s|m|h|d)$\", "
			      "\"description\": \"a time such as 30s, 5m, 2h or 1d\"}");
	case SHAPE_SIZE:
		return parsed(
			"{\"type\": [\"integer\", \"string\"], \"pattern\": "
			"\"^[0-9]+(B|KiB|MiB|GiB|kB|MB)?$\", \"description\": \"a size such as "
			"64KiB or 8MiB\"}");
	case SHAPE_RULES:
		return schema_of_rules(rule->detail);
	case SHAPE_SECTION:
		return schema_of_section(rule);
	case SHAPE_EVENTS:
		return schema_of_events();
	case SHAPE_WINDOWS:
		return any_of(schema_of_rules(config_window_rules),
			list_of(schema_of_rules(config_window_rules), 1, WINDOWS_MAX));
	}
	return NULL;
}

static const struct config_shape *shape_find(node_reader *read)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct config_shape *shape = tables[i]; shape->read != NULL; shape++)
			if (shape->read == read)
				return shape;
	return NULL;
}

static struct value *schema_of_rule(const struct node_rule *rule)
{
	const struct config_shape *shape = shape_find(rule->read);
	struct value *own = NULL, *detail = NULL;

	if (shape == NULL) /* which the test of the schema finds */
		return parsed("{\"$comment\": \"no shape\"}");
	own = shape->json != NULL ? parsed(shape->json) : NULL;
	detail = schema_of_detail(shape, rule);
	if (own != NULL && detail != NULL)
		return any_of(own, detail);
	return own != NULL ? own : detail;
}

static struct value *schema_of_rules(const struct node_rule *rules)
{
	struct value *schema = parsed("{\"type\": \"object\", \"additionalProperties\": false}");
	struct value *properties = value_put(schema, "properties", value_map());
	struct value *required = value_list();

	for (; rules->key != NULL; rules++) {
		value_put(properties, rules->key, schema_of_rule(rules));
		if (rules->required)
			value_append(required, value_text(rules->key));
	}
	if (required->count > 0)
		value_put(schema, "required", required);
	else
		value_free(required);
	return schema;
}

struct value *config_schema(void)
{
	struct value *schema = schema_of_rules(config_file_rules);

	value_put_text(schema, "$schema", "http://json-schema.org/draft-07/schema#");
	value_put_text(schema, "title", "lampwatch.yaml");
	value_put_text(schema, "description",
		"lampwatch.yaml(5) describes every key; lampwatch check finds every mistake.");
	return schema;
}
