/* SPDX-License-Identifier: ISC
 *
 * A page, and a probe, added to a configuration that somebody wrote: the result is YAML, says of
 * everything else what it said before, and has the new one at the end of its section.
 */
#include "config/config_edit.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/yaml.h"
#include "fuzz.h"

static const struct config_member members[] = {
	{"pages", "- name: new\n  url: https://new.example.com/?a=b#c\n"
		  "  provider: \"it's \\\"new\\\": #1\"\n"},
	{"probes", "- name: new\n  checks:\n    - {name: web, http: \"https://a.example/\"}\n"
		   "    - {name: port, tcp: \"b.example:22\"}\n"},
};

/* The end of a text's last line aside: where the file ends with one in a block, its last line gets
 * an end. */
static size_t length_of(const char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == '\n')
		length--;
	return length;
}

static bool same(struct node a, struct node b)
{
	size_t length = length_of(node_text(a));
	bool equal = node_type(a) == node_type(b) && node_count(a) == node_count(b) &&
		     length == length_of(node_text(b)) &&
		     memcmp(node_text(a), node_text(b), length) == 0;

	for (size_t i = 0; equal && i < node_count(a); i++)
		equal = node_type(a) == NODE_LIST
				? same(node_member(a, i), node_member(b, i))
				: same(node_key(a, i), node_key(b, i)) &&
					  same(node_value(a, i), node_value(b, i));
	return equal;
}

static void check_section(struct node before, struct node after, struct node added)
{
	MUST(node_type(after) == NODE_LIST && node_count(after) == node_count(before) + 1);
	for (size_t i = 0; i < node_count(before); i++)
		MUST(same(node_member(before, i), node_member(after, i)));
	MUST(same(node_member(after, node_count(after) - 1), added));
}

static void check_edited(
	struct node before, struct node after, const struct config_member *member, int line)
{
	struct node section = node_find(after, member->section);
	struct problems problems = {0};
	struct yaml *added = yaml_parse("member", member->lines, strlen(member->lines), &problems);

	MUST(node_line(node_member(section, node_count(section) - 1)) == line);
	check_section(
		node_find(before, member->section), section, node_member(yaml_root(added), 0));
	for (size_t i = 0; i < node_count(before); i++)
		if (strcmp(node_text(node_key(before, i)), member->section) != 0)
			MUST(same(node_key(before, i), node_key(after, i)) &&
				same(node_value(before, i), node_value(after, i)));
	yaml_close(added);
}

static void add(
	struct yaml *before, const char *text, size_t size, const struct config_member *member)
{
	struct problems problems = {0};
	struct yaml *after;
	struct buffer out = {0};
	struct error error = {0};
	int line;

	if (config_edit_add("before", text, size, member, &out, &line, &error)) {
		after = yaml_parse("after", buffer_string(&out), out.length, &problems);
		MUST(before != NULL && after != NULL);
		check_edited(yaml_root(before), yaml_root(after), member, line);
		yaml_close(after);
	} else {
		MUST(error.remedy == REMEDY_CONFIGURATION && out.length == 0);
	}
	problems_release(&problems);
	buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct problems problems = {0};
	struct yaml *before = yaml_parse("before", text, size, &problems);

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		add(before, text, size, &members[i]);
	yaml_close(before);
	problems_release(&problems);
	free(text);
	return 0;
}
