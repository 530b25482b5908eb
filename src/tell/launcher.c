/* SPDX-License-Identifier: ISC */
#include "tell/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "tell/attempt.h"
#include "tell/route_token.h"

enum {
	MAIL_MILLISECONDS = 60000,
	COMMAND_SECONDS = 30,
	OUTPUT_MAX = 4096, /* bytes kept of what a program prints that takes a message */
	BLOCK = 4096,
	LAST_BLOCKS = 8,          /* read after its end: something that it left may go on writing */
	LOOK_MILLISECONDS = 100,  /* between two looks at the limits */
	GUARD_MILLISECONDS = 500, /* from the guard's limit to ours */
	ANSWER_MILLISECONDS = 5000, /* beyond a program's limit, for the launcher to say so */
	NAME_MAX_BYTES = 64,        /* of a route, a webhook or a page: text_is_name() */
	ADDRESS_MAX_BYTES = 254,    /* config_address_valid() */
	ID_MAX_BYTES = 254,
	WORD_MAX_BYTES = 31,
	ARGUMENTS_MAX = CONFIG_ARGUMENTS_MAX + 1,
	VARIABLES_MAX = 7,
	VARIABLE_MAX_BYTES = 300,
};

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

/* What is asked for, in one message: with it come the socket for the answer, and of a mail the
 * message. */
struct request {
	int type; /* enum launch_type */
	char name[NAME_MAX_BYTES + 1];
	char sender[ADDRESS_MAX_BYTES + 1], recipient[ADDRESS_MAX_BYTES + 1];
	char id[ID_MAX_BYTES + 1], page[NAME_MAX_BYTES + 1];
	char event[WORD_MAX_BYTES + 1], colour[WORD_MAX_BYTES + 1];
	int64_t attempt;
};

/* Its texts, and what they are of a launch. */
#define TEXT(name)                                                                                 \
	{                                                                                          \
		offsetof(struct launch, name), offsetof(struct request, name),                     \
			sizeof((struct request *)NULL)->name                                       \
	}
static const struct {
	size_t from, to, size;
} texts[] = {
	TEXT(name), TEXT(sender), TEXT(recipient), TEXT(id), TEXT(page), TEXT(event), TEXT(colour)};

enum { TEXTS = sizeof texts / sizeof texts[0] };

/* ---- what is started ---- */

/* What a program gets, but for its input. */
struct start {
	const struct sort *sort;
	const char *arguments[ARGUMENTS_MAX];
	char variables[VARIABLES_MAX][VARIABLE_MAX_BYTES];
	const char *environment[VARIABLES_MAX + 1]; /* none: ours */
	size_t variable_count;
};

static void put_variable(struct start *start, const char *name, const char *value)
{
	char *variable = start->variables[start->variable_count];

	snprintf(variable, VARIABLE_MAX_BYTES, "%s=%s", name, value);
	start->environment[start->variable_count++] = variable;
}

static void put_own_environment(struct start *start)
{
	put_variable(start, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
	put_variable(start, "LC_ALL", "C");
}

static bool put_command(struct start *start, const struct text_list *command)
{
	if (command->count > 0)
		memcpy(start->arguments, command->list, command->count * sizeof *command->list);
	return command->count > 0;
}

static bool prepare_mail(
	const struct config *config, const struct request *request, struct start *start)
{
	const struct route_config *route = config_route(config, request->name);
	const char *const list[] = {route != NULL ? route->program : NULL, "-i", "-f",
		request->sender, "--", request->recipient};

	memcpy(start->arguments, list, sizeof list);
	put_own_environment(start);
	return route != NULL && route->type == ROUTE_SENDMAIL &&
	       config_address_valid(request->sender) && config_address_valid(request->recipient);
}

static bool prepare_token(
	const struct config *config, const struct request *request, struct start *start)
{
	const struct route_config *route = config_route(config, request->name);

	return route != NULL && put_command(start, &route->token_command);
}

/* Nothing but what can be a word of ours: who asks may say any, but no page's text. */
static bool is_made_of(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == '\0';
}

static bool prepare_command(
	const struct config *config, const struct request *request, struct start *start)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz",
			  id[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._-";
	const struct webhook_config *webhook = config_webhook(config, request->name);
	char attempt[24];

	snprintf(attempt, sizeof attempt, "%lld", (long long)request->attempt);
	put_own_environment(start);
	put_variable(start, "LAMPWATCH_EVENT", request->event);
	put_variable(start, "LAMPWATCH_COLOUR", request->colour);
	put_variable(start, "LAMPWATCH_PAGE", request->page);
	put_variable(start, "LAMPWATCH_ID", request->id);
	put_variable(start, "LAMPWATCH_ATTEMPT", attempt);
	return webhook != NULL && put_command(start, &webhook->command) &&
	       is_made_of(request->event, letters) && is_made_of(request->colour, letters) &&
	       (request->page[0] == '\0' || text_is_name(request->page)) &&
	       is_made_of(request->id, id);
}

static const struct sort {
	bool (*prepare)(const struct config *config, const struct request *request,
		struct start *start); /* false: not so */
	size_t descriptors;           /* that come with a request */
	int milliseconds;
	size_t output;  /* bytes that are kept of what it prints */
	bool complete;  /* ended where it prints more */
	bool errors;    /* standard error counts as output */
	bool gains;     /* may gain privileges: a sendmail program has to gain its queue's group */
	int guarded;    /* milliseconds after which a guard ends it, and what it leaves running as
			 * at any end of it; 0: there is none */
	unsigned alarm; /* seconds; outlasts exec(): ends it even where the launcher is gone */
} sorts[] = {
	[LAUNCH_MAIL] = {.prepare = prepare_mail,
		.descriptors = 2,
		.milliseconds = MAIL_MILLISECONDS,
		.output = OUTPUT_MAX,
		.errors = true,
		.gains = true},
	[LAUNCH_TOKEN] = {.prepare = prepare_token,
		.descriptors = 1,
		.milliseconds = TOKEN_SECONDS * 1000,
		.output = CONFIG_TOKEN_MAX,
		.complete = true,
		.alarm = TOKEN_SECONDS + 1},
	[LAUNCH_COMMAND] = {.prepare = prepare_command,
		.descriptors = 2,
		.milliseconds = COMMAND_SECONDS * 1000 + GUARD_MILLISECONDS,
		.output = OUTPUT_MAX,
		.errors = true,
		.guarded = COMMAND_SECONDS * 1000,
		.alarm = COMMAND_SECONDS + 1},
};

enum { SORTS = sizeof sorts / sizeof sorts[0] };

static void become(const void *context, int in, int out)
{
	const struct start *start = context;
	int errors = start->sort->errors ? out : open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (start->sort->guarded > 0)
		child_guard(start->sort->guarded);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	if (errors >= 0)
		dup2(errors, STDERR_FILENO);
	else
		close(STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (!start->sort->gains)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	alarm(start->sort->alarm);
	execve(start->arguments[0], (char *const *)start->arguments,
		start->variable_count > 0 ? (char *const *)start->environment : environ);
	_exit(LAUNCH_NO_PROGRAM);
}

/* ---- in the launcher ---- */

/* One that runs. */
struct program {
	struct child child; /* process 0: none; an end of ours is -1 when closed */
	struct child_role role;
	const struct sort *sort;
	int end;        /* readable when it has ended (pidfd_open(2)) */
	int reply;      /* to whom asked */
	int message;    /* -1: none */
	off_t at, size; /* bytes of that: where the next to be written is; all */
	int reason;     /* errno of a write that failed while there was a reader, else 0 */
	struct buffer said;
};

static void close_end(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

static void answer(int reply, const struct launched *launched)
{
	size_t length = offsetof(struct launched, output) + strlen(launched->output) + 1;

	(void)!send(reply, launched, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Whether there may be more. What it says beyond the maximum is read and forgotten, so that the
 * program does not block. */
static bool listen_to(struct program *program)
{
	char block[BLOCK];
	ssize_t got = program->child.from >= 0 ? read(program->child.from, block, sizeof block) : 0;

	if (got > 0)
		buffer_add(&program->said, block, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		close_end(&program->child.from);
	explicit_bzero(block, sizeof block);
	return got > 0;
}

/* One that no longer reads (EPIPE) has its reasons: its end says what it took. */
static void feed(struct program *program)
{
	ssize_t put = sendfile(program->child.to, program->message, &program->at,
		(size_t)(program->size - program->at));
	bool unread = put < 0 && errno == EPIPE;

	if (put < 0 && !unread && errno != EAGAIN && errno != EINTR)
		program->reason = errno;
	if (program->at == program->size || unread)
		close_end(&program->child.to);
}

/* Its end counts, not the end of its output: a process that it leaves behind may hold that open. */
static void conclude(struct program *program)
{
	struct launched launched = {.number = program->reason};
	bool too_long;

	for (int i = 0; i < LAST_BLOCKS && listen_to(program); i++)
		;
	too_long = program->sort->complete && program->said.overflowed;
	if (program->reason != 0 || too_long) {
		if (program->sort->guarded > 0 && kill(program->child.process, SIGTERM) == 0)
			child_finish(&program->child, &launched.end);
		child_stop(&program->child);
		launched.result = program->reason != 0 ? LAUNCH_UNFED : LAUNCH_TOO_LONG;
	} else {
		child_finish(&program->child, &launched.end);
		launched.result = LAUNCH_ENDED;
		launched.unread = program->at < program->size;
	}
	memcpy(launched.output, buffer_string(&program->said), program->said.length);
	answer(program->reply, &launched);
	explicit_bzero(launched.output, sizeof launched.output);
	buffer_wipe(&program->said);
	close_end(&program->end);
	close_end(&program->reply);
	close_end(&program->message);
}

enum { POLL_TO, POLL_FROM, POLL_END, POLLS };

static void attend(struct program *program, const struct pollfd polls[static POLLS])
{
	if (polls[POLL_TO].revents != 0)
		feed(program);
	if (polls[POLL_FROM].revents != 0)
		listen_to(program);
	if (program->reason != 0 || (program->sort->complete && program->said.overflowed) ||
		child_ended(&program->child) || child_late(&program->child))
		conclude(program);
}

/* A message is what nobody can change any more, and never makes us wait. */
static bool message_good(int message)
{
	int seals = fcntl(message, F_GET_SEALS);
	struct stat status;

	return seals >= 0 && (seals & SEALS) == SEALS && fstat(message, &status) == 0 &&
	       status.st_size <= MAIL_BYTES_MAX;
}

/* Takes over the descriptors, the last of which may be -1. False where it is not what a request has
 * to be: nobody is answered. */
static bool start(struct program *program, const struct config *config,
	const struct request *request, int reply, int message)
{
	const struct sort *sort = &sorts[request->type];
	struct start start = {.sort = sort};
	struct stat status = {0};

	*program = (struct program){.role = {.milliseconds = sort->milliseconds, .detached = true},
		.sort = sort,
		.reply = reply,
		.message = message,
		.said = {.maximum = sort->output}};
	if (!sort->prepare(config, request, &start))
		return false;
	buffer_expect(&program->said, sort->output); /* all of it is wiped: it is never moved */
	if (!child_start(&program->child, &program->role, become, &start)) {
		answer(reply, &(struct launched){.result = LAUNCH_IMPOSSIBLE, .number = errno});
		return false;
	}
	program->end = (int)syscall(SYS_pidfd_open, program->child.process, 0);
	fcntl(program->child.to, F_SETFL, O_NONBLOCK);
	if (message >= 0 && fstat(message, &status) == 0)
		program->size = status.st_size;
	if (program->size == 0)
		close_end(&program->child.to);
	return true;
}

static bool request_good(const struct request *request, ssize_t got, size_t count)
{
	bool good = got == (ssize_t)sizeof *request && request->type >= 0 &&
		    request->type < SORTS && sorts[request->type].descriptors == count;

	for (size_t i = 0; good && i < TEXTS; i++)
		good = memchr((const char *)request + texts[i].to, '\0', texts[i].size) != NULL;
	return good;
}

/* The next request, into a place that is free; one that is wrong is dropped. False where no more
 * will come. */
static bool take_request(struct program *program, const struct config *config, int in, short events)
{
	struct request request = {0};
	int descriptors[DESCRIPTORS_MAX] = {-1, -1};
	size_t count;
	ssize_t got = descriptors_receive(
		in, MSG_DONTWAIT, &request, sizeof request, descriptors, &count);
	bool good;

	if (got < 0 || (got == 0 && (events & POLLHUP) != 0))
		return got < 0 && (events & POLLHUP) == 0;
	good = request_good(&request, got, count) &&
	       (descriptors[1] < 0 || message_good(descriptors[1])) &&
	       start(program, config, &request, descriptors[0], descriptors[1]);
	if (!good) {
		while (count > 0)
			close(descriptors[--count]);
		buffer_release(&program->said);
		*program = (struct program){0};
	}
	return true;
}

struct launcher_context {
	struct config *config;
	int socket;
};

static void set_polls(const struct program *program, struct pollfd polls[static POLLS])
{
	polls[POLL_TO] = (struct pollfd){program->child.to, POLLOUT, 0};
	polls[POLL_FROM] = (struct pollfd){program->child.from, POLLIN, 0};
	polls[POLL_END] = (struct pollfd){program->end, POLLIN, 0};
}

static bool starts_sendmail(const struct config *config)
{
	bool any = false;

	for (size_t i = 0; i < config->route_count; i++)
		any = any || config->routes[i].type == ROUTE_SENDMAIL;
	return any;
}

static bool starts_something(const struct config *config)
{
	bool any = starts_sendmail(config);

	for (size_t i = 0; i < config->route_count; i++)
		any = any || config->routes[i].token_command.count > 0;
	for (size_t i = 0; i < config->webhook_count; i++)
		any = any || config->webhooks[i].command.count > 0;
	return any;
}

/* What it starts can be no more than it is. What else a filter would forbid, its programs may
 * need. */
static void confine(const struct config *config)
{
	prctl(PR_SET_DUMPABLE, 0);
	if (!starts_sendmail(config))
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void launcher_process(const void *context, int in, int out)
{
	const struct launcher_context *launcher = context;
	struct program programs[LAUNCHER_PROGRAMS] = {{.child = {0}}}, *running[LAUNCHER_PROGRAMS];
	/* No more than is open: beyond the limit of descriptors poll(2) fails at once, each time.
	 */
	struct pollfd polls[LAUNCHER_PROGRAMS * POLLS + 1], *asked;
	bool open = true;
	size_t count = 0;

	close(in);
	close(out);
	config_wipe(launcher->config);
	confine(launcher->config);
	signal(SIGPIPE, SIG_IGN);
	while (open || count > 0) {
		struct program *vacant = NULL;

		count = 0;
		for (size_t i = 0; i < LAUNCHER_PROGRAMS; i++) {
			if (programs[i].child.process == 0) {
				vacant = &programs[i];
			} else {
				set_polls(&programs[i], &polls[count * POLLS]);
				running[count++] = &programs[i];
			}
		}
		asked = &polls[count * POLLS];
		*asked = (struct pollfd){open && vacant != NULL ? launcher->socket : -1, POLLIN, 0};
		if (!open && count == 0)
			break;
		if (poll(polls, count * POLLS + 1, count > 0 ? LOOK_MILLISECONDS : -1) < 0)
			continue;
		for (size_t i = 0; i < count; i++)
			attend(running[i], &polls[i * POLLS]);
		if (asked->revents != 0)
			open = take_request(
				vacant, launcher->config, launcher->socket, asked->revents);
	}
}

void launcher_describe(const struct config *config, struct buffer *out)
{
	if (starts_something(config))
		confine_row(out, "launcher",
			starts_sendmail(config) ? "not held" : "not held, no_new_privs", "any",
			"any");
}

struct launcher *launcher_new(struct config *config)
{
	struct launcher *launcher;
	struct child child;
	int ends[2];

	if (!starts_something(config))
		return NULL;
	launcher = memory_zero(1, sizeof *launcher);
	launcher->socket = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		launcher->reason = errno;
		return launcher;
	}
	if (child_start(&child, &(struct child_role){.detached = true, .keeps = ends[1]},
		    launcher_process, &(struct launcher_context){config, ends[1]})) {
		launcher->socket = ends[0];
		child_leave(&child);
	} else {
		launcher->reason = errno;
		close(ends[0]);
	}
	close(ends[1]);
	return launcher;
}

void launcher_free(struct launcher *launcher)
{
	if (launcher != NULL)
		close_end(&launcher->socket);
	free(launcher);
}

/* ---- who asks ---- */

/* The message as a file that nobody can change; -1 with errno. */
static int message_file(const struct launch *launch)
{
	int file = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING), reason;

	if (file >= 0 && file_write_all(file, launch->bytes, launch->length) &&
		lseek(file, 0, SEEK_SET) == 0 && fcntl(file, F_ADD_SEALS, SEALS) == 0)
		return file;
	reason = errno;
	close_end(&file);
	errno = reason;
	return -1;
}

/* What is too long, and so is no name and no address, is not cut to another one. */
static void put_texts(struct request *request, const struct launch *launch)
{
	for (size_t i = 0; i < TEXTS; i++) {
		const char *text;

		memcpy(&text, (const char *)launch + texts[i].from, sizeof text);
		if (text != NULL && strlen(text) < texts[i].size)
			memcpy((char *)request + texts[i].to, text, strlen(text) + 1);
	}
}

static bool ask(
	const struct launcher *launcher, const struct launch *launch, int reply, int message)
{
	struct request request = {.type = launch->type, .attempt = launch->attempt};

	put_texts(&request, launch);
	return descriptors_send(launcher->socket, &request, sizeof request,
		(const int[]){reply, message}, message >= 0 ? 2 : 1);
}

/* Nothing but an answer, or its end, comes on the socket. */
static void await(int answers, int milliseconds, struct launched *launched)
{
	int64_t until = clock_milliseconds() + milliseconds;
	struct pollfd look = {answers, POLLIN, 0};
	int64_t left = milliseconds;
	ssize_t got = -1;

	while (left > 0 && poll(&look, 1, (int)left) <= 0)
		left = until - clock_milliseconds();
	if (left > 0)
		got = recv(answers, launched, sizeof *launched, MSG_DONTWAIT);
	if (got <= (ssize_t)offsetof(struct launched, output))
		*launched = (struct launched){.result = LAUNCH_LOST};
	launched->output[sizeof launched->output - 1] = '\0';
}

void launcher_run(
	const struct launcher *launcher, const struct launch *launch, struct launched *launched)
{
	int ends[2] = {-1, -1}, message = -1;

	*launched = (struct launched){.result = LAUNCH_IMPOSSIBLE, .number = launcher->reason};
	if (launcher->socket < 0)
		return;
	if ((launch->type == LAUNCH_TOKEN || (message = message_file(launch)) >= 0) &&
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 &&
		ask(launcher, launch, ends[1], message)) {
		close_end(&ends[1]);
		await(ends[0], sorts[launch->type].milliseconds + ANSWER_MILLISECONDS, launched);
	} else {
		launched->number = errno;
	}
	close_end(&ends[0]);
	close_end(&ends[1]);
	close_end(&message);
}
