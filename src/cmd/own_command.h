/* SPDX-License-Identifier: ISC
 *
 * Another command of this program, run as if somebody had typed it: in a process of its own, which
 * becomes whom that command acts as, and forks what is foreign before it knows anything.
 */
#ifndef LAMPWATCH_OWN_COMMAND_H
#define LAMPWATCH_OWN_COMMAND_H

struct invocation;

enum { OWN_COMMAND_WORDS_MAX = 8 };

/*
 * Runs it with these words (ended by NULL, at most OWN_COMMAND_WORDS_MAX), with our standard output
 * and standard error, and with nothing to read. Returns its exit status; EXIT_LOCAL after a
 * complaint where it could not be run or was ended by a signal.
 */
int own_command(const struct invocation *invocation, const char *const *words);

#endif
