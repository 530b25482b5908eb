/* SPDX-License-Identifier: ISC
 *
 * The side that wants pages. What it hears of its fetcher is hostile until it has been looked
 * through.
 */
#include "net/http.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/http_p.h"

enum {
	PATIENCE_MILLISECONDS = 10 * 1000, /* beyond the limits of what it is asked for */
	ENDING_MILLISECONDS = 1000,        /* that a fetcher may take to end */
};

/* A request or a check, until its done(). */
struct exchange {
	struct http_request request; /* strings borrowed */
	struct check_request check;  /* the same; its check is NULL for a request */
	bool begun;                  /* it has left its queue */
};

struct http_client {
	struct http_settings settings;
	char *user_agent, *ca_file, *check_ca_files;
	struct child fetcher;
	size_t fetchers;   /* so far */
	struct error lack; /* why there is none; its remedy is 0 where there is one */
	struct wire in, out;
	struct exchange **exchanges; /* by their numbers; NULL: done */
	size_t exchange_count;
	size_t count, ended; /* not done; done in this turn */
	size_t bodies;       /* that this fetcher has brought */
	bool held;
	int64_t heard;    /* when it said something, or was asked for something; monotonic */
	int64_t patience; /* milliseconds: the longest limit of a request */
};

/* ---- the fetcher ---- */

/* Leaves the reason in client->lack where there is none. */
static void start(struct http_client *client)
{
	static const struct child_role role = {.socket = true, .file_length = CHILD_NO_FILE};
	bool good = client->settings.fork_server != NULL
			    ? fork_server_fork(client->settings.fork_server, &client->fetcher,
				      &role, http_fetcher_serve, -1)
			    : child_start(&client->fetcher, &role, http_fetcher_serve, NULL);

	buffer_clear(&client->in.bytes);
	buffer_clear(&client->out.bytes);
	client->in.at = client->out.at = 0;
	client->fetchers++;
	client->bodies = 0;
	client->heard = clock_milliseconds();
	if (!good) {
		child_unavailable(&client->lack, errno);
		return;
	}
	wire_settings(&client->out.bytes, &client->settings);
	if (client->held)
		wire_signal(&client->out.bytes, WIRE_HOLD, 1);
}

struct http_client *http_client_new(const struct http_settings *settings)
{
	struct http_client *client = memory_zero(1, sizeof *client);

	client->settings = *settings;
	client->settings.user_agent = client->user_agent = memory_string(settings->user_agent);
	client->settings.ca_file = client->ca_file = memory_string(settings->ca_file);
	client->settings.check_ca_files = client->check_ca_files =
		memory_string(settings->check_ca_files);
	client->in.bytes.maximum = client->out.bytes.maximum = SIZE_MAX / 2;
	start(client);
	return client;
}

bool http_client_unrefused(const struct http_client *client, struct error *error)
{
	return child_unrefused(&client->fetcher, error);
}

void http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	child_stop(&client->fetcher);
	for (size_t i = 0; i < client->exchange_count; i++)
		free(client->exchanges[i]);
	free(client->exchanges);
	buffer_release(&client->in.bytes);
	buffer_release(&client->out.bytes);
	free(client->user_agent);
	free(client->ca_file);
	free(client->check_ca_files);
	free(client);
}

/* ---- asking ---- */

static void send_exchange(struct http_client *client, size_t number)
{
	const struct exchange *exchange = client->exchanges[number];

	if (exchange->check.check != NULL)
		wire_check(&client->out.bytes, number, &exchange->check);
	else
		wire_request(&client->out.bytes, number, &exchange->request);
}

static void add_exchange(struct http_client *client, struct exchange *exchange, int64_t limit)
{
	*(struct exchange **)memory_append(
		&client->exchanges, &client->exchange_count, sizeof *client->exchanges) = exchange;
	client->count++;
	if (limit > client->patience)
		client->patience = limit;
	client->heard = clock_milliseconds();
	if (client->lack.remedy == 0)
		send_exchange(client, client->exchange_count - 1);
}

void http_client_get(struct http_client *client, const struct http_request *request)
{
	struct exchange *exchange = memory_zero(1, sizeof *exchange);

	exchange->request = *request;
	if (strlen(request->url) > HTTP_URL_MAX)
		exchange->request.url = ""; /* is no address either */
	add_exchange(client, exchange, request->total_timeout);
}

void http_client_check(struct http_client *client, const struct check_request *request)
{
	struct exchange *exchange = memory_zero(1, sizeof *exchange);

	exchange->check = *request;
	add_exchange(client, exchange, request->check->total);
}

void http_client_hold(struct http_client *client, bool held)
{
	if (client->held == held)
		return;
	client->held = held;
	client->heard = clock_milliseconds();
	if (client->lack.remedy == 0)
		wire_signal(&client->out.bytes, WIRE_HOLD, held);
}

/* ---- answers ---- */

/* It is done, and the caller's. */
static struct exchange *take_exchange(struct http_client *client, size_t number)
{
	struct exchange *exchange = client->exchanges[number];

	client->exchanges[number] = NULL;
	client->count--;
	client->ended++;
	return exchange;
}

static void finish(struct http_client *client, size_t number, struct http_response *response,
	const struct error *error)
{
	struct exchange *exchange = take_exchange(client, number);

	exchange->request.done(exchange->request.context, response, error);
	http_response_release(response);
	free(exchange);
}

static void finish_check(struct http_client *client, size_t number, struct check_answer *answer,
	const struct error *error)
{
	struct exchange *exchange = take_exchange(client, number);

	exchange->check.done(exchange->check.context, answer, error);
	check_answer_release(answer);
	free(exchange);
}

static bool is_check(const struct http_client *client, size_t number)
{
	return client->exchanges[number]->check.check != NULL;
}

static void fail(struct http_client *client, size_t number, const struct error *error)
{
	struct http_response response = {0};
	struct check_answer answer = {0};

	if (is_check(client, number)) {
		finish_check(client, number, &answer, error);
		return;
	}
	response.requested_url = memory_string(client->exchanges[number]->request.url);
	finish(client, number, &response, error);
}

/*
 * The fetcher is of no use any more. What it had begun fails, for that is what it may have ended
 * of; what it had not goes to the next one, of which there are only so many.
 */
static void replace(struct http_client *client, const struct error *why)
{
	size_t count = client->exchange_count;

	child_stop(&client->fetcher);
	if (client->fetchers < HTTP_FETCHERS_MAX)
		start(client);
	else
		client->lack = *why;
	for (size_t i = 0; i < count && client->lack.remedy == 0; i++)
		if (client->exchanges[i] != NULL && !client->exchanges[i]->begun)
			send_exchange(client, i);
	for (size_t i = 0; i < count; i++)
		if (client->exchanges[i] != NULL && client->exchanges[i]->begun)
			fail(client, i, why);
}

static bool is_open(const struct http_client *client, const struct wire_head *head)
{
	return head->id < client->exchange_count && client->exchanges[head->id] != NULL;
}

/* Whether a message with that head may come. */
static bool is_expected(const struct http_client *client, const struct wire_head *head)
{
	const struct exchange *exchange =
		is_open(client, head) ? client->exchanges[head->id] : NULL;

	if (exchange == NULL)
		return false;
	if (head->type == WIRE_BEGAN)
		return head->length == 0 && !exchange->begun;
	if (exchange->check.check != NULL)
		return head->type == WIRE_CHECKED && exchange->begun &&
		       head->length <= CHECK_ANSWER_MAX;
	return head->type == WIRE_DONE && exchange->begun &&
	       head->length <= WIRE_RESPONSE_MAX + exchange->request.body_maximum;
}

/* A failure that may come of a refused call is not what the check measures. A fetcher knows nothing
 * of the configuration that could be wrong. */
static bool take_answer(struct http_client *client, const struct wire_head *head, const char *bytes)
{
	struct check_answer answer;
	struct error error;

	if (!check_answer_take(bytes, head->length, &answer, &error) ||
		error.remedy == REMEDY_CONFIGURATION)
		return false;
	if (error.remedy != 0 || answer.state == CHECK_FAILED || answer.state == CHECK_ABSENT)
		child_unrefused(&client->fetcher, &error);
	finish_check(client, head->id, &answer, error.remedy != 0 ? &error : NULL);
	return true;
}

/* A failure that may come of a refused call is not the page's. */
static bool take_message(
	struct http_client *client, const struct wire_head *head, const char *bytes)
{
	struct http_response response;
	struct error error;

	if (!is_expected(client, head))
		return false;
	client->exchanges[head->id]->begun = true;
	if (head->type == WIRE_BEGAN)
		return true;
	if (head->type == WIRE_CHECKED)
		return take_answer(client, head, bytes);
	if (!wire_response_take(
		    bytes, head->length, &client->exchanges[head->id]->request, &response, &error))
		return false;
	client->bodies += response.body.length > 0;
	if (error.remedy != 0)
		child_unrefused(&client->fetcher, &error);
	finish(client, head->id, &response, error.remedy != 0 ? &error : NULL);
	return true;
}

/* What has come, as far as it is whole; false where it is nonsense. */
static bool take_messages(struct http_client *client)
{
	struct wire_head head;
	const char *bytes;
	size_t before = client->bodies;
	bool good = true;

	while (good && wire_next(&client->in, &head, &bytes)) {
		client->heard = clock_milliseconds();
		good = take_message(client, &head, bytes);
	}
	if (client->bodies > before)
		wire_signal(&client->out.bytes, WIRE_TAKEN, client->bodies);
	if (good && wire_left(&client->in) >= sizeof head) { /* before the rest of it is there */
		memcpy(&head, client->in.bytes.data + client->in.at, sizeof head);
		good = is_expected(client, &head);
	}
	return good;
}

/* How it ended, where it has. */
static void explain_end(struct http_client *client, struct error *error)
{
	struct child_end end;
	bool unrefused = child_unrefused(&client->fetcher, error);

	child_renew(&client->fetcher, ENDING_MILLISECONDS);
	child_finish(&client->fetcher, &end);
	if (unrefused)
		error_set(error, REMEDY_LOCAL,
			"the process that fetches pages has ended (%s); try again", end.reason);
}

static void turn(struct http_client *client)
{
	bool there = wire_read(client->fetcher.from, &client->in);
	struct error error;

	if (!take_messages(client)) {
		error_set(&error, REMEDY_LOCAL,
			"the process that fetches pages answers what it was not asked; please "
			"report it");
		replace(client, &error);
	} else if (!there || !wire_write(client->fetcher.to, &client->out)) {
		explain_end(client, &error);
		replace(client, &error);
	} else if (client->count > 0 && !client->held &&
		   clock_milliseconds() - client->heard >
			   client->patience + PATIENCE_MILLISECONDS) {
		error_set(&error, REMEDY_LOCAL,
			"the process that fetches pages does not answer; try again");
		replace(client, &error);
	}
}

static void refuse_all(struct http_client *client)
{
	size_t count = client->exchange_count;

	for (size_t i = 0; i < count; i++)
		if (client->exchanges[i] != NULL)
			fail(client, i, &client->lack);
}

size_t http_client_wait(
	struct http_client *client, const struct pollfd *others, size_t count, int milliseconds)
{
	struct pollfd *polls;

	client->ended = 0;
	if (client->lack.remedy == 0)
		turn(client);
	if (client->lack.remedy != 0)
		refuse_all(client);
	if (client->ended > 0 || (client->count == 0 && count == 0))
		return client->count;
	polls = memory_zero(count + 2, sizeof *polls);
	if (count > 0)
		memcpy(polls, others, count * sizeof *polls);
	if (client->lack.remedy == 0) {
		polls[count++] = (struct pollfd){client->fetcher.from, POLLIN, 0};
		if (wire_left(&client->out) > 0)
			polls[count++] = (struct pollfd){client->fetcher.to, POLLOUT, 0};
	}
	poll(polls, (nfds_t)count, milliseconds);
	free(polls);
	return client->count;
}
