/* SPDX-License-Identifier: ISC */
#include "cmd/complete.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/placeholder.h"
#include "run/context.h"

struct completion {
	struct context context; /* with the configuration that the words name */
	struct invocation invocation;
	const struct complete_tables *tables;
	const struct complete_command *command; /* NULL: none is named yet */
	const char *option;                     /* the word before, which may be one */
	const char *value; /* the placeholder of its value; NULL: it has none */
	const char *word;  /* what there is of it */
};

static void offer(const struct completion *completion, const char *word, const char *about)
{
	if (text_starts(word, completion->word))
		printf("%s%s%s\n", word, about != NULL ? "\t" : "", about != NULL ? about : "");
}

static void offer_placeholder(const struct completion *completion, const char *name, size_t length)
{
	enum placeholder_type type = placeholder_type(name, length);
	struct text_list names = {0};

	if (type == PLACEHOLDER_FILES || type == PLACEHOLDER_FOLDERS)
		puts(type == PLACEHOLDER_FILES ? ":files" : ":folders");
	placeholder_add(&completion->context, name, length, &names);
	for (size_t i = 0; i < names.count; i++)
		offer(completion, names.list[i], NULL);
	text_list_release(&names);
}

static void offer_option(void *context, const char *name, const char *about)
{
	offer(context, name, about);
}

static void offer_options(struct completion *completion)
{
	const struct complete_tables *tables = completion->tables;

	if (completion->command != NULL)
		options_each(completion->command->usage, offer_option, completion);
	for (size_t i = 0; i < tables->option_count; i++)
		if (tables->options[i].name != NULL)
			offer(completion, tables->options[i].name, tables->options[i].about);
}

static void offer_commands(const struct completion *completion)
{
	for (size_t i = 0; i < completion->tables->command_count; i++)
		offer(completion, completion->tables->commands[i].name,
			completion->tables->commands[i].about);
}

/* The words of a usage, without what is between them. */
static void split_usage(const char *usage, struct text_list *tokens)
{
	char *text = memory_string(usage), *rest = NULL;

	for (char *c = strtok_r(text, " []|", &rest); c != NULL;
		c = strtok_r(NULL, " []|", &rest)) {
		if (text_ends(c, "..."))
			c[strlen(c) - strlen("...")] = '\0';
		text_list_add(tokens, c);
	}
	free(text);
}

/* What stands there without an option: words as they are in lower case, placeholders in upper. */
static void offer_arguments(const struct completion *completion)
{
	const char *usage = completion->command->usage;
	struct text_list tokens = {0};

	split_usage(usage, &tokens);
	for (size_t i = 0; i < tokens.count; i++) {
		const char *token = tokens.list[i];

		if (token[0] == '-')
			i += options_value(usage, token) != NULL;
		else if (islower((unsigned char)token[0]))
			offer(completion, token, NULL);
		else
			offer_placeholder(completion, token, strlen(token));
	}
	text_list_release(&tokens);
}

static const struct complete_option *global_find(
	const struct complete_tables *tables, const char *word)
{
	for (size_t i = 0; i < tables->option_count; i++)
		if (text_equal(tables->options[i].name, word) ||
			text_equal(tables->options[i].letter, word))
			return &tables->options[i];
	return NULL;
}

/* Behind a word that is no command stands nothing. */
static const struct complete_command *command_named(
	const struct complete_tables *tables, const char *word)
{
	static const struct complete_command none = {"", "", NULL};

	for (size_t i = 0; i < tables->command_count; i++)
		if (strcmp(tables->commands[i].name, word) == 0)
			return &tables->commands[i];
	return &none;
}

/* Takes in a word that stands before the last one. */
static void pass(struct completion *completion, const char *word)
{
	const struct complete_option *global = global_find(completion->tables, word);
	const char *option = completion->option;

	completion->option = NULL;
	if (completion->value != NULL) { /* the value itself: only of -c it says where to look */
		if (text_equal(option, "-c") || text_equal(option, "--config"))
			completion->invocation.config_path = word;
		completion->value = NULL;
		return;
	}
	completion->option = word;
	if (global != NULL)
		completion->value = global->value;
	else if (completion->command == NULL)
		completion->command = command_named(completion->tables, word);
	else
		completion->value = options_value(completion->command->usage, word);
}

int complete(const struct context *context, const struct complete_tables *tables, char **words)
{
	struct completion completion = {.context = *context,
		.invocation = *context->invocation,
		.tables = tables,
		.word = ""};

	completion.context.invocation = &completion.invocation;
	for (; words[0] != NULL && words[1] != NULL; words++)
		pass(&completion, words[0]);
	if (words[0] != NULL)
		completion.word = words[0];
	if (completion.value != NULL)
		offer_placeholder(&completion, completion.value, strlen(completion.value));
	else if (completion.word[0] == '-')
		offer_options(&completion);
	else if (completion.command == NULL || strcmp(completion.command->name, "help") == 0)
		offer_commands(&completion);
	else
		offer_arguments(&completion);
	return EXIT_DONE;
}
