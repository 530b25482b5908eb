/* SPDX-License-Identifier: ISC
 *
 * Questions to whoever sits at the terminal that standard input is. The answer is one line, without
 * blanks at its ends.
 */
#ifndef LAMPWATCH_ASK_H
#define LAMPWATCH_ASK_H

#include <stdbool.h>

enum { ANSWER_MAX = 4096 /* bytes: the longest line of a terminal (termios(3)) */ };

/* Whether anybody can be asked. */
bool ask_possible(void);

/*
 * From now on INT, TERM and HUP end the input, so that what was begun can be taken back;
 * ask_interrupted() says which signal it was (0: none), and ask_end() lets it end this process.
 */
void ask_begin(void);
int ask_interrupted(void);
void ask_end(void);

/*
 * Prints the question, with the answer that an empty line gives in brackets (NULL: none, and "" is
 * the answer then). Owned by the caller; NULL where the input has ended.
 */
char *ask(const char *question, const char *usual);

/* The same, of what nobody may see: the terminal does not show it. The caller wipes it. */
char *ask_secret(const char *question);

#endif
