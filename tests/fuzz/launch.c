/* SPDX-License-Identifier: ISC
 *
 * What an attempt asks of the launcher when somebody has taken it over, and what is believed of a
 * program's end: whatever is asked, what is started is the configuration's, with nothing but words
 * in its environment; whatever a program prints, what is kept of it is one line.
 *
 * The first byte says which of the two; of a request the second how many descriptors come with it.
 */
#include "tell/launcher.c"

#include "fuzz.h"

static char one[] = "/usr/bin/one", two[] = "$(two)", local[] = "local",
	    mailer[] = "/usr/bin/mailer", modem[] = "modem", token[] = "token";
static char *words[] = {one, two};
static struct route_config routes[] = {
	{.name = local, .type = ROUTE_SENDMAIL, .program = mailer},
	{.name = token, .type = ROUTE_SMTP, .token_command = {words, 2}},
};
static struct webhook_config webhooks[] = {{.name = modem, .command = {words, 2}}};
static const struct config config = {
	.routes = routes, .route_count = 2, .webhooks = webhooks, .webhook_count = 1};

static bool has_only(const char *text, const char *others)
{
	for (; *text != '\0'; text++)
		if (!(*text >= 'a' && *text <= 'z') && !(*text >= 'A' && *text <= 'Z') &&
			!(*text >= '0' && *text <= '9') && strchr(others, *text) == NULL)
			return false;
	return true;
}

static void check_started(const struct request *request, const struct start *start)
{
	const char *program = request->type == LAUNCH_MAIL ? mailer : one;

	MUST(strcmp(start->arguments[0], program) == 0);
	MUST(start->arguments[request->type == LAUNCH_MAIL ? 6 : 2] == NULL);
	if (request->type != LAUNCH_MAIL)
		MUST(strcmp(start->arguments[1], two) == 0);
	MUST(start->variable_count == (request->type == LAUNCH_TOKEN         ? 0
					      : request->type == LAUNCH_MAIL ? 2
									     : VARIABLES_MAX));
	for (size_t i = 0; i < start->variable_count; i++)
		MUST(has_only(start->environment[i], "=_.-/:"));
	MUST(start->environment[start->variable_count] == NULL);
}

static void ask_for(const uint8_t *data, size_t size)
{
	struct request request = {0};
	struct start start = {0};
	size_t got = size - 1 < sizeof request ? size - 1 : sizeof request;

	memcpy(&request, data + 1, got);
	if (request_good(&request, (ssize_t)got, data[0] % 4) &&
		sorts[request.type].prepare(&config, &request, &start))
		check_started(&request, &start);
}

static void end_with(const uint8_t *data, size_t size)
{
	static struct launched launched;
	struct attempt attempt = {0};
	size_t length = size - 2 < OUTPUT_MAX ? size - 2 : OUTPUT_MAX;

	launched = (struct launched){.result = data[0] % (LAUNCH_LOST + 1),
		.end = {.fate = data[0] % (CHILD_LATE + 1), .code = data[1]}};
	memcpy(launched.output, data + 2, length);
	launched_conclude(
		&launched, data[0] & 1 ? LAUNCH_MAIL : LAUNCH_COMMAND, one, "accepted", &attempt);
	MUST(memchr(attempt.text, '\0', sizeof attempt.text) != NULL);
	MUST(text_valid(attempt.text, strlen(attempt.text)));
	MUST(strpbrk(attempt.text, "\r\n\t\x1b\x7f") == NULL);
	MUST(attempt.outcome != OUTCOME_DELIVERED ||
		(launched.result == LAUNCH_ENDED && launched.end.fate == CHILD_EXITED &&
			launched.end.code == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 2 && data[0] % 2 == 0)
		ask_for(data + 1, size - 1);
	else if (size > 2)
		end_with(data + 1, size - 1);
	return 0;
}
