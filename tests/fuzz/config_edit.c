/* SPDX-License-Identifier: ISC
 *
 * A page added to a configuration that somebody wrote: the result is YAML, says of everything else
 * what it said before, and has the page at its end.
 */
#include "config/config_edit.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/yaml.h"
#include "fuzz.h"

static const struct page_entry page = {
	"new", "https://new.example.com/?a=b#c", "statuspage", "it's \"new\": #1"};

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

static void check_pages(struct node before, struct node after)
{
	struct node last = node_member(after, node_count(after) - 1);
	const char *const keys[][2] = {{"name", page.name}, {"url", page.url}, {"kind", page.kind},
		{"provider", page.provider}};

	MUST(node_type(after) == NODE_LIST && node_count(after) == node_count(before) + 1);
	for (size_t i = 0; i < node_count(before); i++)
		MUST(same(node_member(before, i), node_member(after, i)));
	MUST(node_count(last) == sizeof keys / sizeof *keys);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		MUST(strcmp(node_text(node_find(last, keys[i][0])), keys[i][1]) == 0);
}

static void check_edited(struct node before, struct node after, int line)
{
	struct node pages = node_find(after, "pages");

	MUST(node_line(node_member(pages, node_count(pages) - 1)) == line);
	check_pages(node_find(before, "pages"), pages);
	for (size_t i = 0; i < node_count(before); i++)
		if (strcmp(node_text(node_key(before, i)), "pages") != 0)
			MUST(same(node_key(before, i), node_key(after, i)) &&
				same(node_value(before, i), node_value(after, i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct problems problems = {0};
	struct yaml *before = yaml_parse("before", text, size, &problems), *after;
	struct buffer out = {0};
	struct error error = {0};
	int line;

	if (config_edit_add_page("before", text, size, &page, &out, &line, &error)) {
		after = yaml_parse("after", buffer_string(&out), out.length, &problems);
		MUST(before != NULL && after != NULL);
		check_edited(yaml_root(before), yaml_root(after), line);
		yaml_close(after);
	} else {
		MUST(error.remedy == REMEDY_CONFIGURATION && out.length == 0);
	}
	yaml_close(before);
	problems_release(&problems);
	buffer_release(&out);
	free(text);
	return 0;
}
