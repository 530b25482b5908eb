/* SPDX-License-Identifier: ISC */
#include "cmd/ask.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

bool ask_possible(void)
{
	return isatty(STDIN_FILENO) != 0;
}

void ask_begin(void)
{
	struct sigaction action = {.sa_handler = catch}; /* without SA_RESTART: it ends a read */

	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, NULL);
}

int ask_interrupted(void)
{
	return caught;
}

void ask_end(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		signal(signals[i], SIG_DFL);
	if (caught != 0)
		raise(caught);
}

/* Without the blanks at both ends; what is longer than a line can be is no answer. */
static char *read_line(void)
{
	char line[ANSWER_MAX + 1], *begin = line, *end;
	char *answer = NULL;

	if (caught == 0 && fgets(line, sizeof line, stdin) != NULL && caught == 0) {
		begin += strspn(begin, " \t");
		end = begin + strlen(begin);
		while (end > begin && strchr(" \t\r\n", end[-1]) != NULL)
			end--;
		answer = memory_bytes(begin, (size_t)(end - begin));
	}
	explicit_bzero(line, sizeof line);
	return answer;
}

char *ask(const char *question, const char *usual)
{
	char *answer;

	printf(usual != NULL ? "%s [%s]: " : "%s: ", question, usual);
	fflush(stdout);
	answer = read_line();
	if (answer == NULL)
		putchar('\n');
	else if (answer[0] == '\0' && usual != NULL)
		memory_set(&answer, usual);
	return answer;
}

char *ask_secret(const char *question)
{
	struct termios shown, hidden;
	bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	char *answer;

	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	answer = ask(question, NULL);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	if (answer != NULL)
		putchar('\n');
	return answer;
}
