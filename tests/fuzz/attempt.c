/* SPDX-License-Identifier: ISC
 *
 * An attempt that its relay has taken over: in place of its work it answers with the input. What is
 * believed of it is about the delivery that it was given, and one of the outcomes there are.
 */
#define child_start child_start_real
#include "base/child.c"
#undef child_start

#include "base/file.h"
#include "base/text.h"
#include "config/config.h"
#include "fuzz.h"
#include "net/http.h"
#include "tell/attempt.h"
#include "tell/courier.h"
#include "tell/message.h"
#include "tell/outbox.h"

static const uint8_t *said;
static size_t said_size;

bool child_start(
	struct child *child, const struct child_role *role, child_work *work, const void *context);

static void say(const void *context, int in, int out)
{
	(void)context, (void)in;
	(void)file_write_all(out, said, said_size);
}

bool child_start(
	struct child *child, const struct child_role *role, child_work *work, const void *context)
{
	(void)work;
	return child_start_real(child, role, say, context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "relay", host[] = "127.0.0.1", from[] = "a@example.org";
	struct route_config route = {.name = name, .type = ROUTE_SMTP, .host = host};
	struct config config = {.from = from, .routes = &route, .route_count = 1};
	static char receiver[] = "mail:b@example.org", id[] = "<1@example.org>", bytes[] = "x\r\n";
	const struct delivery delivery = {.receiver = receiver, .message_id = id};
	const struct content content = {.whole = true, .bytes = bytes, .length = 3};
	struct courier_means means = {0};
	struct attempt attempt;

	signal(SIGPIPE, SIG_IGN); /* as main() has it */
	said = data;
	said_size = size;
	courier_attempt(&config, &delivery, &content, 0, 0, &means, &attempt);
	MUST(attempt.outcome >= OUTCOME_DELIVERED && attempt.outcome <= OUTCOME_UNKNOWN);
	MUST(text_valid(attempt.text, strnlen(attempt.text, ATTEMPT_TEXT_MAX)));
	MUST(strpbrk(attempt.text, "\r\n\t\x1b\x7f") == NULL);
	MUST(attempt.retry_after >= 0 && attempt.retry_after <= HTTP_RETRY_AFTER_MAX);
	return 0;
}
