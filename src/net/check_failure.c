/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "net/check_p.h"

static const struct {
	CURLcode code;
	const char *word;
} words[] = {
	{CURLE_COULDNT_RESOLVE_HOST, "no such host"},
	{CURLE_COULDNT_RESOLVE_PROXY, "no such proxy"},
	{CURLE_PROXY, "the proxy gives no connection"},
	{CURLE_SSL_CONNECT_ERROR, "TLS fails"},
	{CURLE_GOT_NOTHING, "closed without an answer"},
	{CURLE_SEND_ERROR, "connection lost"},
	{CURLE_RECV_ERROR, "connection lost"},
	{CURLE_HTTP2, "HTTP/2 broken off"},
	{CURLE_HTTP2_STREAM, "HTTP/2 broken off"},
	{CURLE_PARTIAL_FILE, "the body ends early"},
	{CURLE_URL_MALFORMAT, "leads to what is no address"},
	{CURLE_REMOTE_ACCESS_DENIED, "the greeting is answered by a refusal"},
};

static const struct {
	int number;
	const char *word;
} connection_words[] = {
	{ECONNREFUSED, "connection refused"},
	{ECONNRESET, "connection reset"},
	{EHOSTUNREACH, "host unreachable"},
	{ENETUNREACH, "network unreachable"},
};

static const char *const protocol_names[] = {
	[CHECK_HTTP] = "HTTP", [CHECK_IMAP] = "IMAP", [CHECK_POP3] = "POP3", [CHECK_SMTP] = "SMTP"};

static const struct check *check_of(const struct transfer *transfer)
{
	return transfer->check->request.check;
}

static const char *too_much(const struct transfer *transfer)
{
	return check_asks_http(transfer) ? "the header is too large" : "the server says too much";
}

/* "no answer in 10 s"; the limit is the one that was reached. */
static char *timeout_word(const struct transfer *transfer)
{
	const struct check_measure *measure = &transfer->check->measure;
	const struct http_request *request = &transfer->request;
	bool mail =
		check_of(transfer)->type >= CHECK_IMAP && check_of(transfer)->type <= CHECK_SMTP;
	bool begun = mail || measure->first_byte != CHECK_NOT_REACHED ||
		     transfer_was_connected(transfer);
	int64_t limit = !begun && request->connect_timeout < request->total_timeout
				? request->connect_timeout
				: request->total_timeout;
	char *seconds = check_seconds(limit), *word;

	word = memory_format("%s in %s",
		measure->lookup == CHECK_NOT_REACHED    ? "name not looked up"
		: measure->connect == CHECK_NOT_REACHED ? "no connection"
		: !begun                                ? "no TLS"
		: measure->status != 0                  ? "the answer is not complete"
							: "no answer",
		seconds);
	free(seconds);
	return word;
}

static char *certificate_word(const struct check_measure *measure)
{
	return memory_string(measure->certificate_fault != NULL
				     ? measure->certificate_fault
				     : "certificate is for another name");
}

static char *connection_word(const struct transfer *transfer)
{
	long number = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
	for (size_t i = 0; i < sizeof connection_words / sizeof *connection_words; i++)
		if (connection_words[i].number == number)
			return memory_string(connection_words[i].word);
	return memory_string("no connection");
}

/* libcurl's one code for all that a server must not say there. */
static char *nonsense_word(const struct transfer *transfer)
{
	const struct check_work *work = transfer->check;
	const char *name = protocol_names[check_of(transfer)->type];
	long code = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &code);
	if (work->phase == PHASE_STARTTLS)
		return memory_string("more is said before TLS begins");
	if (check_of(transfer)->type == CHECK_SMTP && code >= 400 && code <= 599)
		return memory_format("SMTP %ld", code);
	return memory_format("the answer is not %s", name);
}

static char *word_of(const struct transfer *transfer, CURLcode code)
{
	const struct check_work *work = transfer->check;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].code == code)
			return memory_string(words[i].word);
	switch (code) {
	case CURLE_OUT_OF_MEMORY: /* libcurl's code for an endless line */
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:
#endif
		return memory_string(too_much(transfer));
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, too, which anything might be */
		return memory_string(work->measure.connect == CHECK_NOT_REACHED
					     ? "leads to what is neither http nor https"
					     : "the answer is not HTTP");
	case CURLE_OPERATION_TIMEDOUT:
		return timeout_word(transfer);
	case CURLE_COULDNT_CONNECT:
		return connection_word(transfer);
	case CURLE_PEER_FAILED_VERIFICATION:
		return certificate_word(&work->measure);
	case CURLE_WEIRD_SERVER_REPLY:
		return nonsense_word(transfer);
	case CURLE_USE_SSL_FAILED:
		return memory_string(work->phase == PHASE_STARTTLS ? "STARTTLS is refused"
								   : "STARTTLS is not offered");
	case CURLE_LOGIN_DENIED:
		return memory_string(work->phase == PHASE_LOGIN
					     ? "login refused"
					     : "no login that we know is offered");
	default:
		return memory_format("fails: %s", curl_easy_strerror(code));
	}
}

/* What libcurl is content with, or what we ended ourselves, comes first. NULL: nothing. */
static char *own_word(const struct transfer *transfer, CURLcode code)
{
	const struct check_work *work = transfer->check;

	if (transfer->refused)
		return memory_string(transfer->hops > 0
					     ? "a redirect into a private network was refused"
					     : transfer->request.guard);
	if (transfer->response.body.overflowed)
		return memory_format("the answer is larger than %g MiB",
			(double)transfer->response.body.maximum / (1 << 20));
	if (transfer->headers_overflowed || work->heard > CHECK_LINES_MAX)
		return memory_string(too_much(transfer));
	if (code == CURLE_OK && work->password != NULL && work->phase != PHASE_LOGIN)
		return memory_string("no login is offered");
	return NULL;
}

/* With an address of another family, written or (before libcurl 8) looked up, there is nobody to
 * connect to; else no such host. */
static bool lacks_family(const struct transfer *transfer, CURLcode code)
{
	return transfer->check->request.family != CHECK_ANY &&
	       (code == CURLE_COULDNT_RESOLVE_HOST ||
		       (code == CURLE_COULDNT_CONNECT && !transfer->tried && !transfer->refused));
}

void check_explain(struct transfer *transfer, CURLcode code)
{
	struct check_measure *measure = &transfer->check->measure;
	const int family = transfer->check->request.family;
	const bool lacking = lacks_family(transfer, code);

	measure->absent = lacking && transfer->hops == 0;
	if (lacking)
		measure->failure = memory_format("no IPv%d address", family == CHECK_IPV6 ? 6 : 4);
	else
		measure->failure = own_word(transfer, code);
	if (measure->failure == NULL && code != CURLE_OK)
		measure->failure = word_of(transfer, code);
	if (code != CURLE_OK && transfer->detail[0] != '\0')
		measure->detail =
			text_collapse(transfer->detail, strlen(transfer->detail), CURL_ERROR_SIZE);
}
