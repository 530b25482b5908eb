/* SPDX-License-Identifier: ISC
 *
 * A reader of WARC files that a file has taken over: it answers with the input. What is believed of
 * it is a list whose texts are lines, or a body that is not longer than is wanted, or an error. The
 * first byte says what it is asked.
 */
#define fork_server_fork fork_server_fork_real
#include "base/child.c"
#undef fork_server_fork

#include "base/buffer.h"
#include "base/file.h"
#include "fuzz.h"
#include "net/http.h"
#include "publish/record_reader.h"

enum { BODY_MAX = 100 };

static const uint8_t *said;
static size_t said_size;

bool fork_server_fork(struct fork_server *server, struct child *child,
	const struct child_role *role, child_work *work, int input);

/* The input as a whole answer, again and again. */
static void say(const void *context, int in, int out)
{
	const struct {
		int64_t remedy;
		size_t length;
	} head = {0, said_size};

	(void)context, (void)in;
	(void)file_write_all(out, &head, sizeof head);
	(void)file_write_all(out, said, said_size);
}

bool fork_server_fork(struct fork_server *server, struct child *child,
	const struct child_role *role, child_work *work, int input)
{
	(void)server, (void)work, (void)input;
	return child_start(child, role, say, NULL);
}

static void must_be_line(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		MUST((unsigned char)*text >= ' ' && *text != '\x7f');
}

static bool take(void *context, struct warc_head *head, int status, const char *location,
	struct error *error)
{
	struct gzip_position *last = context;

	(void)error;
	MUST(head->url != NULL && status > 0 && status < 1000 && head->length >= 0);
	MUST(head->position.offset > last->offset ||
		(head->position.offset == last->offset && head->position.within > last->within));
	*last = head->position;
	must_be_line(head->id);
	must_be_line(head->url);
	must_be_line(head->address);
	must_be_line(location);
	return true;
}

static void ask(struct record_reader *reader, bool list, struct error *error)
{
	struct warc_head head = {.type = WARC_RESPONSE};
	struct http_response response = {.body = {.maximum = BODY_MAX}};
	struct gzip_position last = {-1, 0};
	bool simulated = false, good;

	good = list ? record_reader_list(reader, take, &last, &simulated, error)
		    : record_reader_payload(reader, &head, &response, error);
	MUST(good || error->remedy == REMEDY_PAGE || error->remedy == REMEDY_LOCAL);
	MUST(response.body.length <= BODY_MAX);
	http_response_release(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fork_server server = {0};
	struct record_reader *reader = record_reader_open(&server, "/dev/null", NULL);
	struct error error = {0};

	MUST(reader != NULL);
	signal(SIGPIPE, SIG_IGN); /* as main() has it */
	said = data + (size > 0);
	said_size = size - (size > 0);
	ask(reader, size > 0 && data[0] % 2 == 0, &error);
	record_reader_close(reader);
	return 0;
}
