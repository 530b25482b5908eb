/* SPDX-License-Identifier: ISC */
#include "net/check.h"

#include <stdlib.h>

const char *const check_type_names[] = {
	[CHECK_HTTP] = "http",
	[CHECK_IMAP] = "imap",
	[CHECK_POP3] = "pop3",
	[CHECK_SMTP] = "smtp",
	[CHECK_TCP] = "tcp",
	[CHECK_TLS] = "tls",
	[CHECK_DNS] = "dns",
	[CHECK_TYPES] = NULL,
};

const char *const check_state_names[] = {
	[CHECK_GOOD] = "good",
	[CHECK_SLOW] = "slow",
	[CHECK_FAILED] = "failed",
	[CHECK_ABSENT] = "absent",
	NULL,
};

void check_answer_release(struct check_answer *answer)
{
	free(answer->word);
	buffer_release(&answer->transcript);
	*answer = (struct check_answer){0};
}

void http_client_check(struct http_client *client, const struct check_request *request)
{
	(void)client;
	(void)request;
	abort();
}

bool check_perform(const struct check_request *request, const char *password,
	struct check_answer *answer, struct error *error)
{
	(void)request;
	(void)password;
	(void)answer;
	(void)error;
	abort();
}
