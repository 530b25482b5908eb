/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/confine.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "net/http_p.h"

enum {
	BATCH = 64 * 1024, /* bytes: so many answers go together, or all while idle */
	AHEAD = 16,        /* bodies that are not taken up yet: no further transfer begins */
	WAIT_MILLISECONDS = 1000,
};

struct fetcher {
	int in_descriptor, out_descriptor;
	struct wire in, out;
	struct http_engine *engine; /* NULL before the settings have come */
	size_t done;                /* answers */
	size_t bodies, taken;       /* of them, those with one; and those that are taken up */
	bool begun;                 /* something has, and its client does not know yet */
	bool held;
};

/* A request or a check that is under way. */
struct order {
	struct fetcher *fetcher;
	uint64_t id;
	char *bytes;                    /* that its request borrows; owned */
	const char *etag, *body_digest; /* as in the request */
	struct check check;
};

static void began(void *context)
{
	const struct order *order = context;

	wire_signal(&order->fetcher->out.bytes, WIRE_BEGAN, order->id);
	order->fetcher->begun = true;
}

/* By a tag that both have (RFC 9110 section 8.8.3). */
static bool says_changed(const struct order *order, const struct http_response *response)
{
	return order->etag != NULL && response->etag != NULL &&
	       strcmp(order->etag, response->etag) != 0;
}

/* A body that is known need not cross to a client, which would only make its digest again. */
static void leave_out_known(const struct order *order, struct http_response *response)
{
	char digest[DIGEST_TEXT];

	if (order->body_digest == NULL || response->status != 200 || says_changed(order, response))
		return;
	digest_sha256(buffer_string(&response->body), response->body.length, digest);
	response->same = strcmp(digest, order->body_digest) == 0;
	if (response->same)
		buffer_release(&response->body);
}

static void order_end(struct order *order)
{
	order->fetcher->done++;
	free(order->bytes);
	free(order);
}

static void done(void *context, struct http_response *response, const struct error *error)
{
	struct order *order = context;

	if (error == NULL)
		leave_out_known(order, response);
	order->fetcher->bodies += response->body.length > 0;
	wire_response(&order->fetcher->out.bytes, order->id, response, error);
	order_end(order);
}

static void checked(void *context, struct check_answer *answer, const struct error *error)
{
	struct order *order = context;

	wire_checked(&order->fetcher->out.bytes, order->id, answer, error);
	order_end(order);
}

static void add_lines(struct text_list *list, const char *text)
{
	size_t length;
	char *line;

	for (; text != NULL && *text != '\0'; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		line = memory_bytes(text, length);
		text_list_add(list, line);
		free(line);
	}
}

/* From here on it is confined: what follows meets the network. */
static bool take_settings(struct fetcher *fetcher, const char *bytes, size_t length)
{
	struct http_settings settings;
	struct text_list paths = {0};

	if (fetcher->engine != NULL || !wire_settings_take(bytes, length, &settings))
		return false;
	if (settings.ca_file != NULL)
		text_list_add(&paths, settings.ca_file);
	add_lines(&paths, settings.check_ca_files);
	confine_enter(CONFINE_FETCHER, &paths);
	text_list_release(&paths);
	fetcher->engine = http_engine_new(&settings, began);
	return true;
}

static struct order *order_new(
	struct fetcher *fetcher, const struct wire_head *head, const char *bytes)
{
	struct order *order = memory_zero(1, sizeof *order);

	order->fetcher = fetcher;
	order->id = head->id;
	order->bytes = memory_bytes(bytes, head->length);
	return order;
}

static bool take_check(struct fetcher *fetcher, const struct wire_head *head, const char *bytes)
{
	struct order *order = order_new(fetcher, head, bytes);
	struct check_request request;

	if (!wire_check_take(order->bytes, head->length, &order->check, &request)) {
		order_end(order);
		return false;
	}
	request.done = checked;
	request.context = order;
	http_engine_check(fetcher->engine, &request, NULL);
	return true;
}

static bool take_request(struct fetcher *fetcher, const struct wire_head *head, const char *bytes)
{
	struct order *order = order_new(fetcher, head, bytes);
	struct http_request request;

	if (!wire_request_take(order->bytes, head->length, &request)) {
		order_end(order);
		return false;
	}
	order->etag = request.etag;
	order->body_digest = request.body_digest;
	request.done = done;
	request.context = order;
	http_engine_get(fetcher->engine, &request);
	return true;
}

static bool take_message(struct fetcher *fetcher, const struct wire_head *head, const char *bytes)
{
	if (head->type == WIRE_SETTINGS)
		return take_settings(fetcher, bytes, head->length);
	if (fetcher->engine == NULL)
		return false;
	if (head->type == WIRE_GET)
		return take_request(fetcher, head, bytes);
	if (head->type == WIRE_CHECK)
		return take_check(fetcher, head, bytes);
	if (head->type == WIRE_HOLD)
		fetcher->held = head->id != 0;
	else
		fetcher->taken = head->id;
	return head->type == WIRE_HOLD || head->type == WIRE_TAKEN;
}

static bool receive(struct fetcher *fetcher)
{
	struct wire_head head;
	const char *bytes;

	if (!wire_read(fetcher->in_descriptor, &fetcher->in))
		return false;
	while (wire_next(&fetcher->in, &head, &bytes))
		if (!take_message(fetcher, &head, bytes))
			return false;
	return true;
}

static void transfer(struct fetcher *fetcher)
{
	struct pollfd polls[] = {
		{fetcher->in_descriptor, POLLIN, 0}, {fetcher->out_descriptor, POLLOUT, 0}};
	size_t count = wire_left(&fetcher->out) > 0 ? 2 : 1;

	if (fetcher->engine == NULL) {
		poll(polls, (nfds_t)count, WAIT_MILLISECONDS);
		return;
	}
	http_engine_hold(
		fetcher->engine, fetcher->held || fetcher->bodies >= fetcher->taken + AHEAD);
	http_engine_wait(fetcher->engine, polls, count, WAIT_MILLISECONDS);
}

/* Until its client is gone. */
void http_fetcher_serve(const void *context, int in, int out)
{
	struct fetcher fetcher = {.in_descriptor = in, .out_descriptor = out};
	bool good = true;

	(void)context;
	error_silence(); /* its client says how it ended */
	http_start();
	fcntl(in, F_SETFL, O_NONBLOCK);
	fcntl(out, F_SETFL, O_NONBLOCK);
	fetcher.in.bytes.maximum = fetcher.out.bytes.maximum = SIZE_MAX / 2;
	while (good && receive(&fetcher)) {
		size_t before = fetcher.done;

		transfer(&fetcher);
		/* What has begun is told before anything comes of it: it may be the end. */
		if (fetcher.begun || fetcher.done == before || wire_left(&fetcher.out) > BATCH)
			good = wire_write(out, &fetcher.out);
		fetcher.begun = false;
	}
}
