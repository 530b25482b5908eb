/* SPDX-License-Identifier: ISC
 *
 * The options of all commands.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/placeholder.h"
#include "run/terminal.h"

enum option_type {
	OPTION_FLAG,      /* bool */
	OPTION_FORM,      /* of options of which only one may stand; without a value */
	OPTION_FORM_TEXT, /* likewise, with one */
	OPTION_TEXT,      /* const char *; the last one counts */
	OPTION_TEXTS,     /* struct text_list */
};

static const struct option_row {
	const char *name;
	const char *value; /* its placeholder, as usages have it; NULL: it takes none */
	int letter;        /* its short form; 0: none */
	enum option_type type;
	size_t offset; /* in struct options */
	const char *about;
} rows[] = {
	{"again", NULL, 0, OPTION_FLAG, offsetof(struct options, again),
		"also an address that has unsubscribed"},
	{"archive", "FOLDER", 0, OPTION_TEXT, offsetof(struct options, archive),
		"where everything is kept"},
	{"ca-file", "FILE", 0, OPTION_TEXT, offsetof(struct options, ca_file),
		"certificates in PEM that the time stamps' authority is trusted by"},
	{"csv", NULL, 0, OPTION_FORM, offsetof(struct options, form), "as comma-separated values"},
	{"deliver", NULL, 0, OPTION_FLAG, offsetof(struct options, deliver),
		"also send the messages that follow"},
	{"dry-run", NULL, 'n', OPTION_FLAG, offsetof(struct options, dry_run),
		"only show what would happen; nothing is changed, nobody is told"},
	{"end", NULL, 0, OPTION_FLAG, offsetof(struct options, end), "the silence ends now"},
	{"evidence", NULL, 0, OPTION_FORM, offsetof(struct options, form),
		"one snapshot with all that proves it, for a stranger"},
	{"fail", NULL, 0, OPTION_FLAG, offsetof(struct options, fail),
		"exit status 1 where something is red, fails here or is not known"},
	{"floor", "LEVEL", 0, OPTION_TEXT, offsetof(struct options, floor),
		"the lowest level that is told as red"},
	{"for", "DURATION", 0, OPTION_TEXT, offsetof(struct options, duration),
		"so long, from now on: 30m, 2h, 1d"},
	{"from", "ADDRESS", 0, OPTION_TEXT, offsetof(struct options, from),
		"the sender of all mail"},
	{"head", "DIGEST", 0, OPTION_TEXT, offsetof(struct options, head),
		"the head of a chain, as an alert carries it, must be in the archive"},
	{"html", NULL, 0, OPTION_FORM, offsetof(struct options, form), "as a page for a browser"},
	{"indicator", "PATTERN", 0, OPTION_TEXTS, offsetof(struct options, indicators),
		"only indicators that it fits: Gmail, \"Virtual *\"; may be repeated"},
	{"key", "FILE", 0, OPTION_TEXT, offsetof(struct options, key),
		"the public key that the archive must be signed by"},
	{"kind", "KIND", 0, OPTION_TEXT, offsetof(struct options, kind),
		"read the page as this kind; a name of `lampwatch kinds`, or a file"},
	{"lag", NULL, 0, OPTION_FLAG, offsetof(struct options, lag),
		"how long after a service failed its page said so"},
	{"limit", "N", 'n', OPTION_TEXT, offsetof(struct options, limit), "at most so many lines"},
	{"listen", "ADDRESS:PORT", 'l', OPTION_TEXT, offsetof(struct options, listen),
		"where it listens; the default is 127.0.0.1:8014"},
	{"mail", "ADDRESS", 0, OPTION_TEXTS, offsetof(struct options, mails),
		"who is told; may be repeated, the first is the operator"},
	{"mail", "FILE", 0, OPTION_TEXT, offsetof(struct options, mail),
		"the digests in this alert must be in the archive"},
	{"nagios", NULL, 0, OPTION_FLAG, offsetof(struct options, nagios),
		"one line and an exit status, as a plugin of a monitoring system"},
	{"name", "NAME", 0, OPTION_TEXT, offsetof(struct options, name),
		"what the page is called, for ever; the default is made of the service or the "
		"host"},
	{"on", "EVENT", 0, OPTION_TEXTS, offsetof(struct options, on),
		"what is told; may be repeated"},
	{"page", "NAME", 0, OPTION_TEXTS, offsetof(struct options, pages),
		"the page that the captures belong to"},
	{"page", "PAGE", 0, OPTION_TEXTS, offsetof(struct options, pages),
		"only pages that it fits: github, \"google-*\"; may be repeated"},
	{"password-file", "FILE", 0, OPTION_TEXT, offsetof(struct options, password_file),
		"holds the password for --user, and nothing else"},
	{"probe", "SERVICE", 0, OPTION_TEXT, offsetof(struct options, probe),
		"checks of this service, from the table of probes"},
	{"provider", "PROVIDER", 0, OPTION_TEXT, offsetof(struct options, provider),
		"whose page it is, as routes name it in \"depends\""},
	{"reason", "TEXT", 0, OPTION_TEXT, offsetof(struct options, reason),
		"is shown with the silence"},
	{"recipient", "ADDRESS", 0, OPTION_TEXT, offsetof(struct options, recipient),
		"the address that the mail was sent to"},
	{"relay", "URL", 0, OPTION_TEXT, offsetof(struct options, relay),
		"smtp://HOST:PORT, smtps://HOST, or sendmail:"},
	{"schedule", "SCHEDULE", 0, OPTION_TEXT, offsetof(struct options, schedule),
		"what starts a run each minute"},
	{"schema", NULL, 0, OPTION_FLAG, offsetof(struct options, schema),
		"print the form of the configuration as JSON Schema, for editors"},
	{"search", "WORD", 0, OPTION_TEXT, offsetof(struct options, search),
		"list the services and probes that have it in their name or address"},
	{"second", "RECEIVER", 0, OPTION_TEXT, offsetof(struct options, second),
		"an address, or webhook:NAME, for when the first is out of order"},
	{"service", "SERVICE", 0, OPTION_TEXTS, offsetof(struct options, services),
		"a service of the catalogue, or the address of its page; may be repeated; or none"},
	{"since", "TIME", 's', OPTION_TEXT, offsetof(struct options, since),
		"from then on: 2026, 2026-11, 2026-11-30, 2026-11-30T07:00"},
	{"sketch", "PAGE", 0, OPTION_TEXT, offsetof(struct options, sketch),
		"write a first kind for this saved page"},
	{"test", "KIND", 0, OPTION_TEXT, offsetof(struct options, test),
		"show what each XPath of this kind selects on the page"},
	{"to", "ADDRESS", 't', OPTION_TEXT, offsetof(struct options, to),
		"who gets the test message; the default is the operator"},
	{"until", "TIME", 'u', OPTION_TEXT, offsetof(struct options, until),
		"up to then: 2026-11, 2026-11-30T07:00, or 07:00, today or tomorrow"},
	{"url", "ADDRESS", 0, OPTION_TEXT, offsetof(struct options, url),
		"where the captured page was found"},
	{"url", "URL", 0, OPTION_TEXT, offsetof(struct options, url),
		"the address that the saved page is from"},
	{"user", "NAME", 0, OPTION_TEXT, offsetof(struct options, user), "who we are at the relay"},
	{"warc", "FILE", 0, OPTION_FORM_TEXT, offsetof(struct options, form),
		"a WARC file, for tools that read web archives"},
	{"wacz", "FILE", 0, OPTION_FORM_TEXT, offsetof(struct options, form),
		"a WACZ file, for viewers of web archives"},
	{"wayback", "ADDRESS", 0, OPTION_TEXT, offsetof(struct options, wayback),
		"what the Wayback Machine has of the page at this address"},
	{"with", "FILE", 0, OPTION_TEXT, offsetof(struct options, with),
		"the parameters of a generic kind, as `with:` has them"},
};

enum {
	ROW_COUNT = sizeof rows / sizeof rows[0],
	VALUE_LONG = 256, /* of those without a letter */
	EXPLAINED_INDENT = 6,
};

/* Whether the text goes on behind the word; *text is what is behind it then. */
static bool skip_word(const char **text, const char *word)
{
	if (!text_starts(*text, word) || strchr(" ]|", (*text)[strlen(word)]) == NULL)
		return false;
	*text += strlen(word);
	return true;
}

/* "--name", and its placeholder: options of the same name may differ in what they take. */
static bool usage_names(const char *usage, const struct option_row *row)
{
	while ((usage = strstr(usage, "--")) != NULL) {
		const char *rest = usage += strlen("--");

		if (skip_word(&rest, row->name) &&
			(row->value == NULL || (*rest++ == ' ' && skip_word(&rest, row->value))))
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
		bool takes_value = row->value != NULL;

		if (!usage_names(usage, row))
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
	text_list_release(&options->mails);
	text_list_release(&options->on);
	text_list_release(&options->services);
}

void options_each(const char *usage,
	void (*take)(void *context, const char *name, const char *about), void *context)
{
	for (const struct option_row *row = rows; row < rows + ROW_COUNT; row++) {
		char *name = usage_names(usage, row) ? memory_format("--%s", row->name) : NULL;

		if (name != NULL)
			take(context, name, row->about);
		free(name);
	}
}

const char *options_value(const char *usage, const char *word)
{
	for (const struct option_row *row = rows; row < rows + ROW_COUNT; row++) {
		const char letter[] = {'-', (char)row->letter, '\0'};
		bool named = text_starts(word, "--") && text_equal(word + 2, row->name);

		if ((named || (row->letter != 0 && text_equal(word, letter))) &&
			usage_names(usage, row))
			return row->value;
	}
	return NULL;
}

/* The words that may stand in place of a placeholder, where they are few and fixed. */
static void write_words(const char *value, struct buffer *out)
{
	struct text_list words = {0};

	if (value != NULL && placeholder_type(value, strlen(value)) == PLACEHOLDER_WORDS)
		placeholder_add(NULL, value, strlen(value), &words);
	for (size_t i = 0; i < words.count; i++)
		buffer_format(out, "%s%s", i == 0 ? ": " : ", ", words.list[i]);
	text_list_release(&words);
}

void options_explain(const char *usage)
{
	for (const struct option_row *row = rows; row < rows + ROW_COUNT; row++) {
		struct buffer about = {0};

		if (!usage_names(usage, row))
			continue;
		printf("  --%s%s%s", row->name, row->value != NULL ? " " : "",
			row->value != NULL ? row->value : "");
		printf(row->letter != 0 ? ", -%c\n" : "\n", row->letter);
		buffer_text(&about, row->about);
		write_words(row->value, &about);
		terminal_wrap(buffer_string(&about), EXPLAINED_INDENT);
		buffer_release(&about);
	}
}
