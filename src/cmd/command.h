/* SPDX-License-Identifier: ISC
 *
 * cmd/: one file for each command: its arguments and options, and what it prints. Only
 * main.c includes this folder.
 *
 * To add a command: its file here, its prototype below, its row in main.c's table (what it needs,
 * how many arguments it takes, and its usage, which also says which options it takes), and its
 * lines in lampwatch.1. To add an option: its member of struct options, its row in options.c, its
 * place in the command's usage, and its lines in lampwatch.1.
 */
#ifndef LAMPWATCH_COMMAND_H
#define LAMPWATCH_COMMAND_H

#include <stdbool.h>

#include "base/list.h"
#include "run/invocation.h"

struct context;

/* What the options of the command line say; borrowed from it. NULL: not given. */
struct options {
	const char *archive, *ca_file, *duration, *floor, *from, *head, *key, *kind, *limit,
		*listen, *mail, *name, *password_file, *probe, *provider, *reason, *recipient,
		*relay, *schedule, *search, *second, *since, *sketch, *test, *to, *until, *url,
		*user, *wayback, *with;
	/* Of options that exclude one another, given once: the name of the one, and its value. */
	const char *form, *form_value;
	/* Of options that may be repeated; owned. */
	struct text_list pages, indicators, mails, on, services;
	bool again, deliver, dry_run, end, fail, lag, nagios, schema;
};

/*
 * Reads the options that the usage names (as "--name", or "--name VALUE"). The other arguments are
 * moved to argv[optind] and after, ended by NULL. False where an option is wrong; getopt_long() has
 * printed why unless opterr is 0. Call options_release() in both cases.
 */
bool options_parse(struct options *options, const char *usage, int argc, char **argv);
void options_release(struct options *options);

/* Prints what each of the options that the usage names is for, with the values that it takes. */
void options_explain(const char *usage);

/* For shells: each of them, "--name"; and the placeholder of the value of one of them, "--name" or
 * "-n": NULL where it takes none, or the usage has it not. */
void options_each(const char *usage,
	void (*take)(void *context, const char *name, const char *about), void *context);
const char *options_value(const char *usage, const char *word);

/*
 * A command gets what its row in main.c needs, its options and its other arguments (ended by NULL,
 * as many as its row says), and returns the exit status.
 */
typedef int command_function(struct context *context, const struct options *options, char **words);

command_function command_ack;
command_function command_add;
command_function command_check;
command_function command_diff;
command_function command_export;
command_function command_import;
command_function command_init;
command_function command_key;
command_function command_kinds;
command_function command_log;
command_function command_mail_in;
command_function command_outbox;
command_function command_pack;
command_function command_probe;
command_function command_prune;
command_function command_rebuild;
command_function command_read;
command_function command_replay;
command_function command_report;
command_function command_routes;
command_function command_run;
command_function command_serve;
command_function command_show;
command_function command_silence;
command_function command_site;
command_function command_status;
command_function command_subscribe;
command_function command_subscribers;
command_function command_try;
command_function command_unsubscribe;
command_function command_verify;

/* What these two print for wrong arguments, instead of usage_error(). They return the exit
 * status. */
int mail_in_misused(const struct invocation *invocation);
int read_misused(const struct invocation *invocation);

/* What `status --nagios` prints where it cannot begin: whoever calls it reads standard output, and
 * knows exit status 2 as an outage. Returns the exit status. */
int status_unknown(void);

#endif
