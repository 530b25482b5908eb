/* SPDX-License-Identifier: ISC
 *
 * lampwatch: options, the table of subcommands, exit status. What a scheduled
 * pass does stands in run.c.
 */
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "base/text.h"
#include "cmd/command.h"
#include "settings.h"

static const struct command {
	const char *name;
	int (*run)(struct invocation *invocation, int argc, char **argv);
	const char *words; /* that may follow */
	const char *about;
} commands[] = {
	{"run", command_run, "[--dry-run] [PAGE...]",
		"one pass over the pages that are due; what cron calls"},
	{"add", command_add,
		"[--name NAME] [--kind KIND] [--provider PROVIDER] [--url URL] [--dry-run] "
		"URL|NAME|FILE | --search WORD",
		"find out what a page is, and watch it from now on"},
	{"read", command_read, "[--kind KIND] [--url URL] [--with FILE] URL|FILE...|-",
		"print what a page says; touches no state"},
	{"kinds", command_kinds, "[--test KIND [--url URL] [--with FILE] PAGE...]",
		"the kinds of pages; what a kind selects on a saved page"},
	{"check", command_check, "", "the configuration: every error, with its line"},
	{"status", command_status, "[PAGE...]", "what every watched page says now"},
	{"log", command_log, "[--since TIME] [--limit N] [PAGE...]",
		"changes and events, newest first"},
	{"show", command_show, "PAGE [TIME]",
		"one snapshot: what the page said, and how it was got"},
	{"diff", command_diff, "PAGE TIME [TIME]", "what differs between two snapshots"},
	{"outbox", command_outbox, "[retry [NUMBER] | drop NUMBER]",
		"what is owed, to whom, why not yet"},
	{"silence", command_silence, "[PAGE --until TIME|--for DURATION|--end [--reason TEXT]]",
		"tell nobody of a page for a while"},
	{"ack", command_ack, "PAGE [INDICATOR]",
		"somebody answers for it: no reminders and no updates, but its end"},
	{"routes", command_routes, "", "every way out, and what it depends on"},
	{"report", command_report, "[--since TIME] [--until TIME] [--html | --csv] [PAGE...]",
		"availability, outages, time to repair, lag"},
	{"subscribe", command_subscribe,
		"[--page PAGE] [--indicator PATTERN] [--floor LEVEL] [--on EVENT] [--second WAY] "
		"[--again] ADDRESS",
		"somebody is told from now on"},
	{"unsubscribe", command_unsubscribe, "ADDRESS", "and no more"},
	{"subscribers", command_subscribers, "", "who is told of what"},
	{"mail-in", command_mail_in, "[--recipient ADDRESS]",
		"takes one mail on standard input, for a mail server's pipe"},
	{"try", command_try, "[--to ADDRESS] ROUTE|WEBHOOK",
		"send a test message by a route or to a webhook"},
	{"verify", command_verify, "[--key FILE] [--ca-file FILE] [FOLDER]",
		"prove that the archive is whole and unaltered"},
	{"pack", command_pack, "", "let old snapshots take a fraction of the room"},
	{"prune", command_prune, "", "remove what is kept no longer; its line in the chain stays"},
	{"key", command_key, "", "make the key that signs the archive, and show its public half"},
	{"export", command_export,
		"--warc FILE [PAGE...] | --wacz FILE [PAGE...] | --evidence PAGE TIME "
		"FILE.zip|FOLDER",
		"snapshots as a web archive, for other programs"},
	{"serve", command_serve, "[--listen ADDRESS:PORT]",
		"the archive over HTTP, for reading, on this machine"},
	{"site", command_site, "", "write all pages to browse the archive anew"},
	{"import", command_import, "[--page NAME [--url ADDRESS]] [--since TIME] FILE|FOLDER...",
		"build the history of pages out of what others have saved"},
	{"replay", command_replay, "[--deliver] DIR",
		"feed saved captures through the same pipeline"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void usage(FILE *out)
{
	fputs("usage: lampwatch [-c FILE] [-v | -q] [--json] [--clock TIME] COMMAND ...\n\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].about);
	fputs("\nlampwatch COMMAND --help: the words it takes. lampwatch(1) says more,\n"
	      "lampwatch.yaml(5) is the configuration.\n",
		out);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Whether a command's own words ask how it is used; what stands behind "--" is no option. */
static bool asks_for_help(char **words)
{
	for (; *words != NULL && strcmp(*words, "--") != 0; words++)
		if (is_help(*words))
			return true;
	return false;
}

static int unknown_command(const char *word)
{
	const char *names[COMMAND_COUNT], *nearest;

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	nearest = text_nearest(word, names, COMMAND_COUNT);
	fprintf(stderr, "lampwatch: no command \"%s\"%s%s%s\n", word,
		nearest != NULL ? "; did you mean \"" : "",
		nearest != NULL ? nearest : "; lampwatch --help lists them",
		nearest != NULL ? "\"?" : "");
	return EXIT_USAGE;
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/*
 * Takes one global option off the words, wherever it stands, so that `lampwatch
 * status --json` and `lampwatch --json status` are the same. Returns how many
 * words it took, 0 for none, -1 after a complaint.
 */
static int global_option(struct invocation *invocation, char **words, int count)
{
	const char *word = words[0];

	if (strcmp(word, "-v") == 0 || strcmp(word, "--verbose") == 0) {
		invocation->verbosity++;
		return 1;
	}
	if (strcmp(word, "-q") == 0 || strcmp(word, "--quiet") == 0) {
		invocation->verbosity = -1;
		return 1;
	}
	if (strcmp(word, "--json") == 0) {
		invocation->json = true;
		return 1;
	}
	if (strcmp(word, "-c") != 0 && strcmp(word, "--config") != 0 &&
		strcmp(word, "--clock") != 0)
		return 0;
	if (count < 2) {
		fprintf(stderr, "lampwatch: %s takes a value\n", word);
		return -1;
	}
	if (strcmp(word, "--clock") != 0) {
		invocation->config_path = words[1];
		return 2;
	}
	invocation->simulated = date_parse(words[1], &invocation->clock);
	if (!invocation->simulated) {
		fprintf(stderr,
			"lampwatch: --clock takes a time such as 2014-01-24T19:20:00Z, not "
			"\"%s\"\n",
			words[1]);
		return -1;
	}
	return 2;
}

/* Leaves the command and its own words in argv; returns their number, -1 after a complaint. */
static int global_options(struct invocation *invocation, int argc, char **argv)
{
	int kept = 0;

	for (int i = 1; i < argc;) {
		int taken = global_option(invocation, argv + i, argc - i);

		if (taken < 0)
			return -1;
		if (taken == 0 && strcmp(argv[i], "--") == 0 && kept > 0) {
			while (i < argc)
				argv[kept++] = argv[i++];
			break;
		}
		if (taken == 0)
			argv[kept++] = argv[i++];
		i += taken;
	}
	argv[kept] = NULL;
	return kept;
}

int main(int argc, char **argv)
{
	struct invocation invocation = {.program = argv[0], .clock = time(NULL)};
	const struct command *command;
	int status;

	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	argc = global_options(&invocation, argc, argv);
	if (argc < 0)
		return EXIT_USAGE;
	if (argc > 0 && strcmp(argv[0], "--version") == 0)
		return puts("lampwatch " LAMPWATCH_VERSION) < 0;
	if (argc > 0 && is_help(argv[0])) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (argc == 0) {
		usage(stderr);
		return EXIT_USAGE;
	}
	command = command_find(argv[0]);
	if (command == NULL)
		return unknown_command(argv[0]);
	invocation.command = command->name;
	invocation.words = command->words;
	if (asks_for_help(argv + 1)) {
		printf("usage: lampwatch %s%s%s\n\n%s\n", command->name,
			command->words[0] != '\0' ? " " : "", command->words, command->about);
		return EXIT_DONE;
	}
	optind = 0;
	status = command->run(&invocation, argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("lampwatch: standard output cannot be written\n", stderr);
		return EXIT_LOCAL;
	}
	return status;
}
