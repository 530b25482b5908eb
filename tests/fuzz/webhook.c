/* SPDX-License-Identifier: ISC
 *
 * Answers to a webhook: whatever a receiver says, what is kept of it is one line without a secret,
 * and nobody is believed to wait for ever. The first byte chooses the service.
 */
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "config/config.h"
#include "loopback.h"
#include "net/http.h"
#include "tell/attempt.h"

#define SECRET "verysecret"

static char token[] = "token", user[] = "user", account[] = "account", from[] = "from", to[] = "to",
	    routing_key[] = "routing_key", secret[] = SECRET, chat_id[] = "chat_id",
	    room[] = "room", any[] = "1", file[] = "file";

/* Services whose answers mean something, and what each needs. */
static struct service_case {
	char name[16];
	struct parameter with[4];
	size_t count;
} services[] = {
	{"generic", {{0}}, 0},
	{"slack", {{0}}, 0},
	{"telegram", {{token, secret, file, 0}, {chat_id, any, NULL, 0}}, 2},
	{"matrix", {{token, secret, file, 0}, {room, any, NULL, 0}}, 2},
	{"pagerduty", {{routing_key, secret, file, 0}}, 1},
	{"pushover", {{token, secret, file, 0}, {user, secret, file, 0}}, 2},
	{"twilio",
		{{account, any, NULL, 0}, {token, secret, file, 0}, {from, any, NULL, 0},
			{to, any, NULL, 0}},
		4},
};

static void check(const struct attempt *attempt)
{
	size_t length = strnlen(attempt->text, ATTEMPT_TEXT_MAX);

	MUST(length < ATTEMPT_TEXT_MAX && text_valid(attempt->text, length));
	MUST(strpbrk(attempt->text, "\r\n\t\x1b") == NULL);
	MUST(strcasestr(attempt->text, SECRET) == NULL);
	MUST(attempt->outcome <= OUTCOME_UNKNOWN && attempt->posted <= 2);
	MUST(attempt->retry_after >= 0 && attempt->retry_after <= HTTP_RETRY_AFTER_MAX);
	MUST(attempt->code >= 0 && attempt->code <= 999);
	MUST(attempt->outcome != OUTCOME_DELIVERED ||
		(attempt->code >= 200 && attempt->code < 300));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct loopback server = {0};
	static char *templates;
	char *text, *url;
	static char name[] = "hook";
	struct service_case *service;
	struct webhook_config webhook = {.name = name};
	struct attempt attempt;

	if (size == 0)
		return 0;
	if (server.port == 0) {
		loopback_start(&server);
		http_start();
		templates = file_templates();
	}
	text = fuzz_text(data + 1, size - 1);
	url = memory_format("http://127.0.0.1:%d/" SECRET, server.port);
	webhook.url = url;
	service = &services[data[0] % (sizeof services / sizeof *services)];
	webhook.template = service->name;
	webhook.with = service->with;
	webhook.with_count = service->count;
	loopback_say(&server, text, size - 1);
	webhook_send(&webhook,
		&(struct webhook_message){.templates = templates,
			.id = "1",
			.now = 1,
			.body = "{\"text\": \"red\"}",
			.length = strlen("{\"text\": \"red\"}"),
			.user_agent = "fuzz"},
		&attempt);
	check(&attempt);
	loopback_say(&server, "", 0);
	free(url);
	free(text);
	return 0;
}
