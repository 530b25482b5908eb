/* SPDX-License-Identifier: ISC
 *
 * cmd/: one file for each subcommand: its words and options, and what it prints. Only
 * main.c sees this folder.
 *
 * The subcommands. To add one: its file here, its prototype below, its row in
 * main.c's table, its lines in lampwatch.1.
 *
 * Each gets the words after the global options, argv[0] being the command's
 * name, and returns the exit status. Each parses its own options with
 * getopt_long(); optind is 0 when it is called.
 */
#ifndef LAMPWATCH_COMMAND_H
#define LAMPWATCH_COMMAND_H

#include "run/invocation.h"

int command_ack(struct invocation *invocation, int argc, char **argv);
int command_add(struct invocation *invocation, int argc, char **argv);
int command_check(struct invocation *invocation, int argc, char **argv);
int command_diff(struct invocation *invocation, int argc, char **argv);
int command_key(struct invocation *invocation, int argc, char **argv);
int command_export(struct invocation *invocation, int argc, char **argv);
int command_import(struct invocation *invocation, int argc, char **argv);
int command_kinds(struct invocation *invocation, int argc, char **argv);
int command_log(struct invocation *invocation, int argc, char **argv);
int command_mail_in(struct invocation *invocation, int argc, char **argv);
int command_outbox(struct invocation *invocation, int argc, char **argv);
int command_pack(struct invocation *invocation, int argc, char **argv);
int command_prune(struct invocation *invocation, int argc, char **argv);
int command_read(struct invocation *invocation, int argc, char **argv);
int command_replay(struct invocation *invocation, int argc, char **argv);
int command_report(struct invocation *invocation, int argc, char **argv);
int command_routes(struct invocation *invocation, int argc, char **argv);
int command_run(struct invocation *invocation, int argc, char **argv);
int command_serve(struct invocation *invocation, int argc, char **argv);
int command_show(struct invocation *invocation, int argc, char **argv);
int command_silence(struct invocation *invocation, int argc, char **argv);
int command_site(struct invocation *invocation, int argc, char **argv);
int command_status(struct invocation *invocation, int argc, char **argv);
int command_subscribe(struct invocation *invocation, int argc, char **argv);
int command_subscribers(struct invocation *invocation, int argc, char **argv);
int command_try(struct invocation *invocation, int argc, char **argv);
int command_unsubscribe(struct invocation *invocation, int argc, char **argv);
int command_verify(struct invocation *invocation, int argc, char **argv);

#endif
