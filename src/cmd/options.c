/* SPDX-License-Identifier: ISC
 *
 * The options of all commands.
 */
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "cmd/command.h"

enum option_type {
	OPTION_FLAG,      /* bool */
	OPTION_FORM,      /* of options of which only one may stand; without a value */
	OPTION_FORM_TEXT, /* likewise, with one */
	OPTION_TEXT,      /* const char *; the last one counts */
	OPTION_TEXTS,     /* struct text_list */
};

static const struct option_row {
	const char *name;
	int letter; /* its short form; 0: none */
	enum option_type type;
	size_t offset; /* in struct options */
} rows[] = {
	{"again", 0, OPTION_FLAG, offsetof(struct options, again)},
	{"ca-file", 0, OPTION_TEXT, offsetof(struct options, ca_file)},
	{"csv", 0, OPTION_FORM, offsetof(struct options, form)},
	{"deliver", 0, OPTION_FLAG, offsetof(struct options, deliver)},
	{"dry-run", 'n', OPTION_FLAG, offsetof(struct options, dry_run)},
	{"end", 0, OPTION_FLAG, offsetof(struct options, end)},
	{"evidence", 0, OPTION_FORM, offsetof(struct options, form)},
	{"fail", 0, OPTION_FLAG, offsetof(struct options, fail)},
	{"floor", 0, OPTION_TEXT, offsetof(struct options, floor)},
	{"for", 0, OPTION_TEXT, offsetof(struct options, duration)},
	{"head", 0, OPTION_TEXT, offsetof(struct options, head)},
	{"html", 0, OPTION_FORM, offsetof(struct options, form)},
	{"indicator", 0, OPTION_TEXTS, offsetof(struct options, indicators)},
	{"key", 0, OPTION_TEXT, offsetof(struct options, key)},
	{"kind", 0, OPTION_TEXT, offsetof(struct options, kind)},
	{"lag", 0, OPTION_FLAG, offsetof(struct options, lag)},
	{"limit", 'n', OPTION_TEXT, offsetof(struct options, limit)},
	{"listen", 'l', OPTION_TEXT, offsetof(struct options, listen)},
	{"mail", 0, OPTION_TEXT, offsetof(struct options, mail)},
	{"nagios", 0, OPTION_FLAG, offsetof(struct options, nagios)},
	{"name", 0, OPTION_TEXT, offsetof(struct options, name)},
	{"on", 0, OPTION_TEXTS, offsetof(struct options, on)},
	{"page", 0, OPTION_TEXTS, offsetof(struct options, pages)},
	{"probe", 0, OPTION_TEXT, offsetof(struct options, probe)},
	{"provider", 0, OPTION_TEXT, offsetof(struct options, provider)},
	{"reason", 0, OPTION_TEXT, offsetof(struct options, reason)},
	{"recipient", 0, OPTION_TEXT, offsetof(struct options, recipient)},
	{"search", 0, OPTION_TEXT, offsetof(struct options, search)},
	{"second", 0, OPTION_TEXT, offsetof(struct options, second)},
	{"since", 's', OPTION_TEXT, offsetof(struct options, since)},
	{"sketch", 0, OPTION_TEXT, offsetof(struct options, sketch)},
	{"test", 0, OPTION_TEXT, offsetof(struct options, test)},
	{"to", 't', OPTION_TEXT, offsetof(struct options, to)},
	{"until", 'u', OPTION_TEXT, offsetof(struct options, until)},
	{"url", 0, OPTION_TEXT, offsetof(struct options, url)},
	{"warc", 0, OPTION_FORM_TEXT, offsetof(struct options, form)},
	{"wacz", 0, OPTION_FORM_TEXT, offsetof(struct options, form)},
	{"wayback", 0, OPTION_TEXT, offsetof(struct options, wayback)},
	{"with", 0, OPTION_TEXT, offsetof(struct options, with)},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0], VALUE_LONG = 256 /* of those without a letter */ };

static bool usage_names(const char *usage, const char *name)
{
	size_t length = strlen(name);

	while ((usage = strstr(usage, "--")) != NULL) {
		usage += strlen("--");
		if (strncmp(usage, name, length) == 0 && strchr(" ]|", usage[length]) != NULL)
			return true;
	}
	return false;
}

static bool option_store(struct options *options, const struct option_row *row, const char *value)
{
	void *target = (char *)options + row->offset;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)target = true;
		break;
	case OPTION_FORM:
	case OPTION_FORM_TEXT:
		if (options->form != NULL)
			return false;
		options->form = row->name;
		options->form_value = value;
		break;
	case OPTION_TEXT:
		*(const char **)target = value;
		break;
	case OPTION_TEXTS:
		text_list_add(target, value);
		break;
	}
	return true;
}

bool options_parse(struct options *options, const char *usage, int argc, char **argv)
{
	struct option list[ROW_COUNT + 1] = {{0}};
	const struct option_row *taken[ROW_COUNT];
	char letters[2 * ROW_COUNT + 1] = "", *end = letters;
	int count = 0, value, i;

	for (const struct option_row *row = rows; row < rows + ROW_COUNT; row++) {
		bool takes_value = row->type >= OPTION_FORM_TEXT;

		if (!usage_names(usage, row->name))
			continue;
		list[count] = (struct option){row->name, takes_value, NULL,
			row->letter != 0 ? row->letter : VALUE_LONG + count};
		taken[count++] = row;
		if (row->letter != 0)
			*end++ = (char)row->letter;
		if (row->letter != 0 && takes_value)
			*end++ = ':';
	}
	optind = 0;
	while ((value = getopt_long(argc, argv, letters, list, NULL)) != -1) {
		for (i = 0; i < count && list[i].val != value; i++)
			;
		if (i == count || !option_store(options, taken[i], optarg))
			return false;
	}
	return true;
}

void options_release(struct options *options)
{
	text_list_release(&options->pages);
	text_list_release(&options->indicators);
	text_list_release(&options->on);
}
