/* SPDX-License-Identifier: ISC */
#include "tell/route_token.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/secret.h"
#include "tell/launcher.h"

enum { FAULT_MAX = 256 };

/* What the command of one route has brought, in memory that all sessions share. */
struct cell {
	pthread_mutex_t mutex; /* robust: a session that ends with it leaves it to the others */
	int64_t until;         /* clock_milliseconds(): valid before that; 0: it has not run */
	char token[CONFIG_TOKEN_MAX + 1];
	char fault[FAULT_MAX]; /* "": there is a token */
};

struct route_tokens {
	const struct config *config;
	const struct launcher *launcher;
	struct cell *cells; /* one for each route; NULL where no route has a command */
	size_t count;
};

struct route_tokens *route_tokens_new(const struct config *config, const struct launcher *launcher)
{
	struct route_tokens *tokens = memory_zero(1, sizeof *tokens);
	pthread_mutexattr_t kind;
	bool any = false;

	tokens->config = config;
	tokens->launcher = launcher;
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

/*
 * The token in a text: its one line, or "access_token" of JSON (RFC 6749 section 5.1), whose
 * "expires_in" comes into *seconds, 0 where none is said. Owned by the caller; NULL where there is
 * none in it, or one that holds anything but visible ASCII.
 */
static char *token_parse(const char *text, int64_t *seconds)
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

/* Why the command has brought no token; "" where launched has what it printed. */
static void run_command(const struct launcher *launcher, const char *route,
	struct launched *launched, char fault[FAULT_MAX])
{
	const struct child_end *end = &launched->end;

	fault[0] = '\0';
	launcher_run(launcher, &(struct launch){.type = LAUNCH_TOKEN, .name = route}, launched);
	if (launched->result == LAUNCH_TOO_LONG)
		snprintf(fault, FAULT_MAX, "it prints more than %d bytes", CONFIG_TOKEN_MAX);
	else if (launched->result == LAUNCH_LOST)
		snprintf(fault, FAULT_MAX, "nobody says what became of it");
	else if (launched->result != LAUNCH_ENDED)
		snprintf(fault, FAULT_MAX, "no process: %s", strerror(launched->number));
	else if (end->fate != CHILD_EXITED || end->code != 0)
		snprintf(fault, FAULT_MAX, "%s", end->reason);
}

static void fill(
	struct cell *cell, const struct launcher *launcher, const struct route_config *route)
{
	struct launched launched;
	int64_t seconds = 0;
	char *token = NULL;

	run_command(launcher, route->name, &launched, cell->fault);
	if (cell->fault[0] == '\0')
		token = token_parse(launched.output, &seconds);
	if (token != NULL)
		memcpy(cell->token, token, strlen(token) + 1);
	else if (cell->fault[0] == '\0')
		snprintf(cell->fault, sizeof cell->fault,
			"it prints no token: neither one line nor JSON with \"access_token\"");
	cell->until =
		seconds > 0 ? clock_milliseconds() + (seconds - TOKEN_BEFORE) * 1000 : INT64_MAX;
	secret_wipe(&token);
	explicit_bzero(launched.output, sizeof launched.output);
}

static bool take_cell(struct cell *cell, const struct launcher *launcher,
	struct route_config *route, struct error *error)
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
		fill(cell, launcher, route);
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
		route->token = token_parse(lines.list[0], &seconds);
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
			return take_cell(&tokens->cells[i], tokens->launcher, route, error);
	return error_set(error, REMEDY_LATER,
		"token_command: there is no memory for what %s prints",
		route->token_command.list[0]);
}
