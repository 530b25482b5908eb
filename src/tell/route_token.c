/* SPDX-License-Identifier: ISC */
#include "tell/route_token.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/secret.h"

enum { FAULT_MAX = 256, LOOK_MILLISECONDS = 100 };

/* What the command of one route has brought, in memory that all sessions share. */
struct cell {
	pthread_mutex_t mutex; /* robust: a session that ends with it leaves it to the others */
	int64_t until;         /* clock_milliseconds(): valid before that; 0: it has not run */
	char token[CONFIG_TOKEN_MAX + 1];
	char fault[FAULT_MAX]; /* "": there is a token */
};

struct route_tokens {
	const struct config *config;
	struct cell *cells; /* one for each route; NULL where no route has a command */
	size_t count;
};

struct route_tokens *route_tokens_new(const struct config *config)
{
	struct route_tokens *tokens = memory_zero(1, sizeof *tokens);
	pthread_mutexattr_t kind;
	bool any = false;

	tokens->config = config;
	for (size_t i = 0; i < config->route_count; i++)
		any = any || config->routes[i].token_command.count > 0;
	if (!any)
		return tokens;
	tokens->cells = mmap(NULL, config->route_count * sizeof *tokens->cells,
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tokens->cells == MAP_FAILED) {
		tokens->cells = NULL;
		return tokens;
	}
	tokens->count = config->route_count;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
	for (size_t i = 0; i < config->route_count; i++)
		pthread_mutex_init(&tokens->cells[i].mutex, &kind);
	pthread_mutexattr_destroy(&kind);
	return tokens;
}

void route_tokens_free(struct route_tokens *tokens)
{
	if (tokens == NULL)
		return;
	if (tokens->cells != NULL)
		explicit_bzero(tokens->cells, tokens->count * sizeof *tokens->cells);
	route_tokens_leave(tokens);
	free(tokens);
}

void route_tokens_leave(struct route_tokens *tokens)
{
	if (tokens->cells != NULL)
		munmap(tokens->cells, tokens->count * sizeof *tokens->cells);
	tokens->cells = NULL;
	tokens->count = 0;
}

static bool is_token(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (text[i] <= 0x20 || text[i] > 0x7e)
			return false;
	return length > 0 && length <= CONFIG_TOKEN_MAX;
}

char *route_token_parse(const char *text, int64_t *seconds)
{
	size_t length = strlen(text);
	struct value *json = text[0] == '{' ? json_parse(text, length, NULL) : NULL;
	char *token;

	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	token = json != NULL ? memory_string(value_get_text(json, "access_token"))
			     : memory_bytes(text, length);
	*seconds = value_get_number(json, "expires_in");
	if (*seconds < 0)
		*seconds = 0;
	value_free(json);
	if (is_token(token))
		return token;
	free(token);
	return NULL;
}

/* ---- the command ---- */

/* The alarm outlasts exec(): it ends the program where nobody waits for it any more. */
static void become(const void *context, int in, int out)
{
	char *const *arguments = context;
	int nowhere = open("/dev/null", O_WRONLY);

	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	if (nowhere >= 0)
		dup2(nowhere, STDERR_FILENO);
	else
		close(STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	alarm(TOKEN_SECONDS + 1);
	execv(arguments[0], arguments);
	_exit(127);
}

/* Until it ends, says too much, or is late. Its end counts: a process that it leaves behind may
 * hold its output open. */
static void listen_to(struct child *child, struct buffer *said)
{
	bool more = true;

	while (more && !child_late(child)) {
		struct pollfd output = {.fd = child->from, .events = POLLIN};
		bool ended = child_ended(child);
		char block[1024];
		ssize_t got;

		poll(&output, 1, ended ? 0 : LOOK_MILLISECONDS);
		got = read(child->from, block, sizeof block);
		if (got > 0)
			more = buffer_add(said, block, (size_t)got);
		else
			more = got < 0 && !ended;
	}
}

/* Why the command has brought no token; "" where said has what it printed. */
static void run_command(const struct text_list *command, struct buffer *said, char fault[FAULT_MAX])
{
	/* In a process group of its own, so that all of it can be ended. */
	static const struct child_role role = {
		.milliseconds = TOKEN_SECONDS * 1000, .detached = true};
	char **arguments = memory_zero(command->count + 1, sizeof *arguments);
	struct child child;
	struct child_end end;

	fault[0] = '\0';
	memcpy(arguments, command->list, command->count * sizeof *arguments);
	if (!child_start(&child, &role, become, arguments)) {
		snprintf(fault, FAULT_MAX, "no process: %s", strerror(errno));
		free(arguments);
		return;
	}
	close(child.to);
	child.to = -1;
	listen_to(&child, said);
	if (said->overflowed) {
		child_stop(&child);
		snprintf(fault, FAULT_MAX, "it prints more than %d bytes", CONFIG_TOKEN_MAX);
	} else {
		child_finish(&child, &end);
		if (end.fate != CHILD_EXITED || end.code != 0)
			snprintf(fault, FAULT_MAX, "%s", end.reason);
	}
	free(arguments);
}

static void fill(struct cell *cell, const struct route_config *route)
{
	struct buffer said = {.maximum = CONFIG_TOKEN_MAX};
	int64_t seconds = 0;
	char *token = NULL;

	buffer_expect(&said, CONFIG_TOKEN_MAX); /* all of it is wiped: it is never moved */
	run_command(&route->token_command, &said, cell->fault);
	if (cell->fault[0] == '\0')
		token = route_token_parse(buffer_string(&said), &seconds);
	if (token != NULL)
		memcpy(cell->token, token, strlen(token) + 1);
	else if (cell->fault[0] == '\0')
		snprintf(cell->fault, sizeof cell->fault,
			"it prints no token: neither one line nor JSON with \"access_token\"");
	cell->until =
		seconds > 0 ? clock_milliseconds() + (seconds - TOKEN_BEFORE) * 1000 : INT64_MAX;
	secret_wipe(&token);
	buffer_wipe(&said);
}

static bool take_cell(struct cell *cell, struct route_config *route, struct error *error)
{
	const char *program = route->token_command.list[0];
	struct timespec until;
	int result;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += TOKEN_SECONDS + 2;
	result = pthread_mutex_timedlock(&cell->mutex, &until);
	if (result == EOWNERDEAD)
		pthread_mutex_consistent(&cell->mutex);
	else if (result != 0)
		return error_set(error, REMEDY_LATER,
			"token_command: another session still waits for %s", program);
	if (clock_milliseconds() >= cell->until)
		fill(cell, route);
	if (cell->fault[0] != '\0')
		error_set(error, REMEDY_LATER, "token_command: %s: %s", program, cell->fault);
	else
		route->token = memory_string(cell->token);
	pthread_mutex_unlock(&cell->mutex);
	return route->token != NULL;
}

/* ---- the file ---- */

static bool take_file(struct route_config *route, struct error *error)
{
	struct text_list lines = {0};
	int64_t seconds;

	if (!secret_read(route->token_file, CONFIG_TOKEN_MAX, SECRET_OURS, &lines, error))
		return error_prefix(error, "token_file");
	if (lines.count == 1)
		route->token = route_token_parse(lines.list[0], &seconds);
	secret_wipe_lines(&lines);
	return route->token != NULL ||
	       error_set(error, REMEDY_LATER,
		       "token_file: %s holds no token: one line of visible ASCII",
		       route->token_file);
}

bool route_token_take(struct route_tokens *tokens, struct route_config *route, struct error *error)
{
	if (route->token_file != NULL)
		return take_file(route, error);
	if (route->token_command.count == 0)
		return true;
	for (size_t i = 0; i < tokens->count; i++)
		if (text_equal(tokens->config->routes[i].name, route->name))
			return take_cell(&tokens->cells[i], route, error);
	return error_set(error, REMEDY_LATER,
		"token_command: there is no memory for what %s prints",
		route->token_command.list[0]);
}
