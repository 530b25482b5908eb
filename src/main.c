/* SPDX-License-Identifier: ISC
 *
 * lampwatch: global options, the table of commands, the exit status. For what a
 * scheduled run does, see run/run.c.
 */
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "base/date.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/complete.h"
#include "run/context.h"
#include "run/print.h"
#include "run/terminal.h"
#include "settings.h"

enum { MANY = INT_MAX, USAGE_INDENT = 7 };

static const struct command {
	const char *name;
	command_function *run;
	enum needs needs;
	enum identity identity; /* as whom root acts */
	enum forking forking;   /* where foreign bytes go */
	int least, most;        /* number of arguments that are not options */
	const char *usage;      /* the options and arguments that it takes */
	const char *about;
	int (*misused)(const struct invocation *invocation); /* NULL: usage_error() */
} commands[] = {
	{"run", command_run, NEEDS_LAST_GOOD, AS_OWNER, WITH_FORK_SERVER, 0, MANY,
		"[--dry-run] [PAGE...]",
		"fetch the pages that are due and tell subscribers; for cron", NULL},
	{"init", command_init, NEEDS_NOTHING, AS_CALLER, ALONE, 0, 0,
		"[--archive FOLDER] [--mail ADDRESS] [--relay URL] [--user NAME] [--password-file "
		"FILE] [--service SERVICE] [--schedule SCHEDULE] [--from ADDRESS]",
		"ask five questions, write a configuration, and make the first run", NULL},
	{"add", command_add, NEEDS_NOTHING, AS_CALLER, WITH_FORK_SERVER, 0, 1,
		"[--name NAME] [--kind KIND] [--provider PROVIDER] [--url URL] [--dry-run] "
		"URL|SERVICE|FILE|- | --probe SERVICE | --search WORD",
		"find out what kind of page an address is, and watch it", NULL},
	{"read", command_read, NEEDS_NOTHING, AS_CALLER, WITH_FORK_SERVER, 0, MANY,
		"[--kind KIND] [--url URL] [--with FILE] URL|FILE...|-",
		"print what a page says; changes nothing", read_misused},
	{"kinds", command_kinds, NEEDS_NOTHING, AS_CALLER, WITH_FORK_SERVER, 0, MANY,
		"[--test KIND [--url URL] [--with FILE] PAGE... | --sketch PAGE]",
		"list the kinds of pages, or test or sketch one on a saved page", NULL},
	{"check", command_check, NEEDS_NOTHING, AS_READER, ALONE, 0, MANY, "[--schema]",
		"check the configuration; report every error with its line", NULL},
	{"status", command_status, NEEDS_DATABASE, AS_CALLER, ALONE, 0, MANY,
		"[--fail] [--nagios] [PAGE...]", "show what every watched page says now", NULL},
	{"log", command_log, NEEDS_DATABASE, AS_CALLER, ALONE, 0, MANY,
		"[--since TIME] [--limit N] [PAGE...]", "list changes and events, newest first",
		NULL},
	{"show", command_show, NEEDS_DATABASE, AS_CALLER, ALONE, 1, 2, "PAGE [TIME]",
		"show one snapshot: what the page said, and how it was fetched", NULL},
	{"diff", command_diff, NEEDS_DATABASE, AS_CALLER, ALONE, 2, 3, "PAGE TIME [TIME]",
		"show what differs between two snapshots", NULL},
	{"probe", command_probe, NEEDS_CONFIGURATION, AS_OWNER, WITH_FORK_SERVER, 1, 1, "PROBE",
		"make the checks of a probe now and show them; changes nothing", NULL},
	{"outbox", command_outbox, NEEDS_DATABASE, AS_OWNER, ALONE, 0, 2,
		"[retry [NUMBER] | drop NUMBER]",
		"list the deliveries that are still owed; retry or drop them", NULL},
	{"silence", command_silence, NEEDS_CONFIGURATION, AS_OWNER, ALONE, 0, 1,
		"[PAGE --until TIME|--for DURATION|--end [--reason TEXT]]",
		"tell nobody about a page for a while", NULL},
	{"ack", command_ack, NEEDS_CONFIGURATION, AS_OWNER, ALONE, 1, 2, "PAGE [INDICATOR]",
		"acknowledge an outage: no reminders or updates, only its end", NULL},
	{"routes", command_routes, NEEDS_DATABASE, AS_OWNER, WITH_FORK_SERVER, 0, 0, "",
		"list routes and receivers, and the providers they depend on", NULL},
	{"report", command_report, NEEDS_DATABASE, AS_CALLER, ALONE, 0, MANY,
		"[--lag] [--since TIME] [--until TIME] [--html | --csv] [PAGE...]",
		"report availability, outages, time to repair and lag", NULL},
	{"subscribe", command_subscribe, NEEDS_CONFIGURATION, AS_OWNER, ALONE, 1, 1,
		"[--page PAGE] [--indicator PATTERN] [--floor LEVEL] [--on EVENT] [--second "
		"RECEIVER] "
		"[--again] ADDRESS",
		"add a subscriber", NULL},
	{"unsubscribe", command_unsubscribe, NEEDS_CONFIGURATION, AS_OWNER, ALONE, 1, 1, "ADDRESS",
		"stop sending to an address", NULL},
	{"subscribers", command_subscribers, NEEDS_DATABASE, AS_CALLER, ALONE, 0, 0, "",
		"list who is told about what", NULL},
	{"mail-in", command_mail_in, NEEDS_NOTHING, AS_OWNER, WITH_FORK_SERVER, 0, 0,
		"[--recipient ADDRESS]",
		"handle one mail from standard input, for a mail server's pipe", mail_in_misused},
	{"try", command_try, NEEDS_CONFIGURATION, AS_READER, ALONE, 1, 1,
		"[--to ADDRESS] ROUTE|WEBHOOK", "send a test message by a route or to a webhook",
		NULL},
	{"verify", command_verify, NEEDS_NOTHING, AS_CALLER, WITH_FORK_SERVER, 0, 1,
		"[--key FILE] [--ca-file FILE] [--head DIGEST] [--mail FILE] [FOLDER]",
		"prove that the archive is complete and unaltered", NULL},
	{"rebuild", command_rebuild, NEEDS_CONFIGURATION, AS_OWNER, ALONE, 0, 0, "",
		"make the database anew from the archive's folders", NULL},
	{"pack", command_pack, NEEDS_TO_BE_ALONE, AS_OWNER, ALONE, 0, 0, "",
		"compress old snapshots", NULL},
	{"prune", command_prune, NEEDS_TO_BE_ALONE, AS_OWNER, ALONE, 0, 0, "",
		"remove expired snapshots; their lines in the chain stay", NULL},
	{"key", command_key, NEEDS_CONFIGURATION, AS_CALLER, ALONE, 0, 0, "",
		"make the key that signs the archive, and show its public half", NULL},
	{"export", command_export, NEEDS_DATABASE, AS_CALLER, ALONE, 0, MANY,
		"--warc FILE [PAGE...] | --wacz FILE [PAGE...] | --evidence PAGE TIME "
		"FILE.zip|FOLDER",
		"export snapshots as a web archive or as evidence", NULL},
	{"serve", command_serve, NEEDS_CONFIGURATION, AS_CALLER, ALONE, 0, 0,
		"[--listen ADDRESS:PORT]", "serve the archive over HTTP, and forms to subscribe",
		NULL},
	{"site", command_site, NEEDS_TO_BE_ALONE, AS_OWNER, ALONE, 0, 0, "",
		"rebuild all pages with which the archive is browsed", NULL},
	{"import", command_import, NEEDS_CONFIGURATION, AS_OWNER, WITH_FORK_SERVER, 0, MANY,
		"[--page NAME [--url ADDRESS]] [--since TIME] [--until TIME] --wayback ADDRESS | "
		"FILE|FOLDER...",
		"build the history of pages from what others have saved", NULL},
	{"replay", command_replay, NEEDS_CONFIGURATION, AS_OWNER, WITH_FORK_SERVER, 1, 1,
		"[--deliver] DIR", "run saved captures through the same pipeline as live pages",
		NULL},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

/* Those of every command. */
static const struct complete_option globals[] = {
	{"-c", "--config", "FILE", "the configuration; else lampwatch.yaml here, or of /etc"},
	{"-v", "--verbose", NULL, "say more; twice: still more"},
	{"-q", "--quiet", NULL, "say less"},
	{NULL, "--json", NULL, "print one JSON value instead of lines for people"},
	{NULL, "--clock", "TIME", "use this as the current time"},
	{"-h", "--help", NULL, "list the commands; behind a command: what it takes"},
	{"-V", "--version", NULL, "print the version"},
};

enum global { CONFIG, VERBOSE, QUIET, JSON, CLOCK, HELP, VERSION, GLOBAL_COUNT };

static bool is_global(const char *word, enum global global)
{
	return text_equal(word, globals[global].letter) || text_equal(word, globals[global].name);
}

static void usage(FILE *out)
{
	fputs("usage: lampwatch [-c FILE] [-v | -q] [--json] [--clock TIME] COMMAND ...\n\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].about);
	fputs("\nOptions of every command:\n\n", out);
	for (size_t i = 0; i < GLOBAL_COUNT; i++)
		fprintf(out, "  %-3s%-13s %s\n", globals[i].letter != NULL ? globals[i].letter : "",
			globals[i].name, globals[i].about);
	fputs("\nBegin with lampwatch init. lampwatch COMMAND --help shows what a command takes.\n"
	      "See also lampwatch(1), and lampwatch.yaml(5) for the configuration.\n",
		out);
}

static bool is_help(const char *word)
{
	return is_global(word, HELP);
}

static bool is_version(const char *word)
{
	return is_global(word, VERSION) || strcmp(word, "version") == 0;
}

/* Whether a command's own arguments ask how it is used; what follows "--" is not an option. */
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

/* False after a complaint. */
static bool take_clock(struct invocation *invocation, const char *word)
{
	invocation->simulated = date_parse(word, &invocation->clock);
	if (!invocation->simulated)
		fprintf(stderr,
			"lampwatch: --clock takes a time such as 2014-01-24T19:20:00Z, not "
			"\"%s\"\n",
			word);
	return invocation->simulated;
}

/*
 * Reads a global option, wherever it stands, so that `lampwatch status --json` and
 * `lampwatch --json status` are the same. Returns how many arguments it took up: 0 where the
 * first is no global option, -1 after a complaint.
 */
static int global_option(struct invocation *invocation, char **words, int count)
{
	enum global global = CONFIG;

	while (global < HELP && !is_global(words[0], global))
		global++;
	if (global < HELP && globals[global].value != NULL && count < 2) {
		fprintf(stderr, "lampwatch: %s takes a value\n", words[0]);
		return -1;
	}
	switch (global) {
	case CONFIG:
		invocation->config_path = words[1];
		return 2;
	case VERBOSE:
		invocation->verbosity++;
		return 1;
	case QUIET:
		invocation->verbosity = -1;
		return 1;
	case JSON:
		invocation->json = true;
		return 1;
	case CLOCK:
		return take_clock(invocation, words[1]) ? 2 : -1;
	default:
		return 0;
	}
}

/* Leaves the command and its own arguments in argv. Returns their number, -1 after a complaint. */
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

/* Runs the command with what its row says it needs. */
static int command_call(
	const struct command *command, const struct invocation *invocation, int argc, char **argv)
{
	struct context context = context_new(invocation, command->identity, command->forking);
	char *program = memory_format("lampwatch %s", command->name);
	struct options options = {0};
	int status;

	argv[0] = program; /* getopt_long()'s lines begin so */
	opterr = command->misused == NULL;
	if (!options_parse(&options, command->usage, argc, argv) ||
		argc - optind < command->least || argc - optind > command->most)
		status = command->misused != NULL ? command->misused(invocation)
						  : usage_error(invocation);
	else
		status = context_open(&context, command->needs);
	if (status == EXIT_DONE)
		status = command->run(&context, &options, argv + optind);
	else if (options.nagios)
		status = status_unknown();
	options_release(&options);
	context_close(&context);
	free(program);
	return status;
}

static int command_explain(const struct command *command)
{
	char *usage = memory_format("usage: lampwatch %s%s%s", command->name,
		command->usage[0] != '\0' ? " " : "", command->usage);

	terminal_wrap_rest(usage, 0, USAGE_INDENT);
	printf("\n%s\n\n", command->about);
	free(usage);
	options_explain(command->usage);
	return EXIT_DONE;
}

/* What a shell may put in place of the last of the words behind "--". */
static int complete_words(const struct invocation *invocation, char **words)
{
	static const struct complete_command own[] = {
		{"help", "", "list the commands"}, {"version", "", "print the version"}};
	enum { OWN_COUNT = sizeof own / sizeof own[0] };
	struct complete_command list[COMMAND_COUNT + OWN_COUNT];
	const struct complete_tables tables = {
		globals, GLOBAL_COUNT, list, COMMAND_COUNT + OWN_COUNT};
	struct context context = context_new(invocation, AS_CALLER, ALONE);

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		list[i] = (struct complete_command){
			commands[i].name, commands[i].usage, commands[i].about};
	memcpy(list + COMMAND_COUNT, own, sizeof own);
	complete(&context, &tables, words);
	context_close(&context);
	return EXIT_DONE;
}

/* Passwords, tokens and addresses with secrets are in memory: it goes into no core, whatever the
 * limits are, and to no other process of the same user. */
static void keep_memory_private(void)
{
	static const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

/* What the first word means. */
static int start(struct invocation *invocation, int argc, char **argv)
{
	static char help[] = "--help";
	const struct command *command;

	if (argc > 1 && strcmp(argv[0], "help") == 0) { /* help COMMAND: COMMAND --help */
		argv[0] = argv[1];
		argv[1] = help;
	}
	if (argc == 0 || is_help(argv[0]) || strcmp(argv[0], "help") == 0) {
		usage(argc == 0 ? stderr : stdout);
		return argc == 0 ? EXIT_USAGE : EXIT_DONE;
	}
	if (is_version(argv[0])) {
		puts("lampwatch " LAMPWATCH_VERSION);
		return EXIT_DONE;
	}
	if (strcmp(argv[0], "complete") == 0 && argc > 1)
		return complete_words(invocation, argv + 2);
	command = command_find(argv[0]);
	if (command == NULL)
		return unknown_command(argv[0]);
	if (asks_for_help(argv + 1))
		return command_explain(command);
	invocation->command = command->name;
	invocation->words = command->usage;
	return command_call(command, invocation, argc, argv);
}

int main(int argc, char **argv)
{
	struct invocation invocation = {.program = argv[0], .clock = time(NULL)};

	keep_memory_private();
	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on files is as a full disk: the call fails */
	digest_start();
	argc = global_options(&invocation, argc, argv);
	return argc < 0 ? EXIT_USAGE : print_finish(start(&invocation, argc, argv));
}
