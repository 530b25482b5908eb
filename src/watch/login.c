/* SPDX-License-Identifier: ISC */
#include "watch/login.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/secret.h"

enum { PATIENCE_MILLISECONDS = 5000 /* beyond the check's own limit */ };

/* What the process is given. */
struct asking {
	struct config *config;
	const struct check *check;
	const char *guard;
	int64_t family, connect_timeout, body_maximum;
};

struct login {
	struct check_request request;
	struct child child;
	struct buffer bytes; /* so far */
};

/* ---- in the process ---- */

static void confine(const struct asking *asking)
{
	struct text_list paths = {0};

	if (asking->check->ca_file != NULL)
		text_list_add(&paths, asking->check->ca_file);
	config_wipe(asking->config);
	confine_enter(CONFINE_ATTEMPT, &paths);
	text_list_release(&paths);
}

static void tell(int out, const struct check_answer *answer, const struct error *error)
{
	struct buffer bytes = {.maximum = CHECK_ANSWER_MAX};
	bool told;

	check_answer_write(&bytes, answer, error);
	told = file_write_all(out, buffer_string(&bytes), bytes.length);
	buffer_release(&bytes);
	if (!told)
		_exit(1);
}

static void work(const void *context, int in, int out)
{
	const struct asking *asking = context;
	const struct check_request request = {.check = asking->check,
		.family = (int)asking->family,
		.connect_timeout = asking->connect_timeout,
		.body_maximum = asking->body_maximum,
		.guard = asking->guard};
	struct check_answer answer = {0};
	struct error error = {0};
	char *password = NULL;

	(void)in;
	error_silence(); /* its parent says how it ended */
	if (check_password_read(asking->config, asking->check, &password, &error)) {
		confine(asking);
		http_start();
		if (check_perform(&request, password, &answer, &error))
			error = (struct error){0};
	}
	secret_wipe(&password);
	tell(out, &answer, &error);
	check_answer_release(&answer);
}

/* ---- outside of it ---- */

struct login *login_begin(struct fork_server *attempts, struct config *config,
	const struct check_request *request, struct error *error)
{
	static const struct child_role role = {.file_length = CHILD_NO_FILE};
	const struct asking asking = {config, request->check, request->guard, request->family,
		request->connect_timeout, request->body_maximum};
	struct login *login = memory_zero(1, sizeof *login);
	struct buffer given = {0};

	*login = (struct login){.request = *request, .bytes = {.maximum = CHECK_ANSWER_MAX}};
	buffer_add(&given, &asking, sizeof asking);
	if (fork_server_fork_given(attempts, &login->child, &role, work, &given)) {
		child_renew(&login->child, (int)request->check->total + PATIENCE_MILLISECONDS);
	} else {
		child_unavailable(error, errno);
		free(login);
		login = NULL;
	}
	buffer_release(&given);
	return login;
}

int login_descriptor(const struct login *login)
{
	return login->child.from;
}

void login_free(struct login *login)
{
	child_stop(&login->child);
	buffer_release(&login->bytes);
	free(login);
}

/* False, with error, where it tells of no check. */
static bool understand(const struct login *login, struct check_answer *answer, struct error *error)
{
	const struct buffer *bytes = &login->bytes;

	if (bytes->length == 0)
		return error_set(error, REMEDY_LOCAL, "a login ended without an answer");
	if (!check_answer_take(buffer_string(bytes), bytes->length, answer, error))
		return error_set(error, REMEDY_LOCAL, "a login answered what is no answer");
	return error->remedy == 0;
}

static void finish(struct login *login)
{
	struct check_answer answer = {0};
	struct error error = {0};
	bool good = child_unrefused(&login->child, &error) && understand(login, &answer, &error);

	login->request.done(login->request.context, &answer, good ? NULL : &error);
	check_answer_release(&answer);
	login_free(login);
}

bool login_take(struct login *login)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(login->child.from, bytes, sizeof bytes)) > 0 &&
		buffer_add(&login->bytes, bytes, (size_t)got))
		;
	if (got < 0 && (errno == EAGAIN || errno == EINTR) && !child_late(&login->child))
		return false;
	finish(login);
	return true;
}
