/* SPDX-License-Identifier: ISC
 *
 * What a check makes of a server that says the input, all of it at once and unasked: a whole
 * transcript without secrets, and never a good answer of a mail protocol, for there is no TLS. The
 * first byte says which protocol. Of HTTP, the input is also taken for a header and a body.
 */
#include "net/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "fuzz.h"
#include "net/check_p.h"

enum { TIMEOUT = 200 /* milliseconds */, BODY_MAX = 4096 };

static struct {
	pthread_mutex_t lock;
	int listener, port;
	const char *bytes;
	size_t size;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *run(void *context)
{
	char block[4096];
	int connection;

	while ((connection = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		pthread_mutex_lock(&server.lock);
		if (server.size > 0)
			(void)!send(connection, server.bytes, server.size, MSG_NOSIGNAL);
		pthread_mutex_unlock(&server.lock);
		shutdown(connection, SHUT_WR);
		while (read(connection, block, sizeof block) > 0)
			;
		close(connection);
	}
	return context;
}

static void start(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	pthread_t thread;

	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(bind(server.listener, (struct sockaddr *)&address, length) == 0 &&
		getsockname(server.listener, (struct sockaddr *)&address, &length) == 0 &&
		listen(server.listener, 16) == 0);
	server.port = ntohs(address.sin_port);
	MUST(pthread_create(&thread, NULL, run, NULL) == 0);
	pthread_detach(thread);
	http_start();
}

static void say(const char *bytes, size_t size)
{
	pthread_mutex_lock(&server.lock);
	server.bytes = bytes;
	server.size = size;
	pthread_mutex_unlock(&server.lock);
}

static void check_headers(const struct value *headers)
{
	static const char *const secrets[] = {
		"Set-Cookie:", "Cookie:", "Authorization:", "Proxy-Authorization:"};

	for (size_t i = 0; headers != NULL && i < headers->count; i++)
		for (size_t j = 0; j < sizeof secrets / sizeof *secrets; j++)
			MUST(strncasecmp(headers->members[i]->text, secrets[j],
				     strlen(secrets[j])) != 0);
}

static void check_answer(const struct check_answer *answer)
{
	struct buffer text = {.maximum = CHECK_TRANSCRIPT_MAX};
	struct error error;
	struct value *value;

	check_answer_json(answer, &text);
	MUST(answer->state <= CHECK_ABSENT);
	MUST((answer->word[0] == '\0') == (answer->state == CHECK_GOOD));
	MUST(strlen(answer->word) <= CHECK_WORD_MAX);
	MUST(strpbrk(answer->word, "\r\n") == NULL);
	MUST(!answer->transcript.overflowed && !text.overflowed);
	MUST(text_valid(buffer_string(&text), text.length));
	value = json_parse(buffer_string(&text), text.length, &error);
	MUST(value != NULL && value->type == VALUE_MAP);
	MUST(text_equal(value_get_text(value, "word"), answer->word));
	check_headers(value_get(value, "headers"));
	value_free(value);
	buffer_release(&text);
}

static void unused(void *context, struct check_answer *answer, const struct error *error)
{
	(void)context, (void)answer, (void)error;
}

static void ask(int type)
{
	static const char *const schemes[] = {"http", "imap", "pop3", "smtp"};
	char *target = memory_format("%s://127.0.0.1:%d/", schemes[type], server.port);
	/* No bundle: where TLS begins, it ends, without the time to read one. */
	static char nothing[] = "/dev/null";
	const struct check check = {
		.type = type, .target = target, .total = TIMEOUT, .ca_file = nothing};
	const struct check_request request = {.check = &check,
		.connect_timeout = TIMEOUT,
		.body_maximum = BODY_MAX,
		.done = unused};
	struct check_answer answer;
	struct error error;

	if (check_perform(&request, NULL, &answer, &error)) {
		check_answer(&answer);
		MUST(type == CHECK_HTTP || answer.state == CHECK_FAILED);
		check_answer_release(&answer);
	} else {
		MUST(error.remedy == REMEDY_LOCAL && type != CHECK_HTTP);
	}
	free(target);
}

static void judge(const char *text, size_t size)
{
	static char contains[] = "body", matches[] = "b.*y", header[] = "X: y";
	const struct check check = {.contains = contains, .matches = matches, .header = header};
	struct check_measure measure = {.status = 200, .headers = memory_string(text)};
	struct check_answer answer = {0};

	buffer_add(&measure.body, text, size);
	check_judge(&check, &measure, &answer);
	check_transcribe(&measure, &answer);
	check_answer(&answer);
	check_answer_release(&answer);
	check_measure_release(&measure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	if (server.port == 0)
		start();
	text = fuzz_text(data + 1, size - 1);
	say(text, size - 1);
	ask(data[0] % (CHECK_SMTP + 1));
	judge(text, size - 1);
	say(NULL, 0);
	free(text);
	return 0;
}
