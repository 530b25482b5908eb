/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/system_error.h"
#include "net/http_p.h"

static const char header_too_large[] = "the header of the answer is too large";

enum detail { DETAIL_NONE, DETAIL_LIBRARY, DETAIL_SYSTEM };

static const struct failure {
	CURLcode code;
	enum remedy remedy;
	bool passing; /* temporary: worth a second try if no answer had begun */
	enum detail detail;
	const char *text;
} failures[] = {
	{CURLE_COULDNT_RESOLVE_HOST, REMEDY_LATER, true, DETAIL_NONE, "host name not found"},
	{CURLE_COULDNT_RESOLVE_PROXY, REMEDY_LATER, true, DETAIL_NONE, "proxy's name not found"},
	{CURLE_COULDNT_CONNECT, REMEDY_LATER, true, DETAIL_SYSTEM, "no connection"},
	{CURLE_SSL_CONNECT_ERROR, REMEDY_LATER, true, DETAIL_LIBRARY, "TLS failed"},
	{CURLE_PEER_FAILED_VERIFICATION, REMEDY_LATER, false, DETAIL_LIBRARY,
		"certificate not trusted"},
	{CURLE_SSL_CACERT_BADFILE, REMEDY_LOCAL, false, DETAIL_NONE,
		"the file of CA certificates cannot be read"},
	{CURLE_PROXY, REMEDY_LATER, true, DETAIL_NONE, "the proxy gave no connection"},
	{CURLE_GOT_NOTHING, REMEDY_LATER, true, DETAIL_NONE, "connection closed without an answer"},
	{CURLE_SEND_ERROR, REMEDY_LATER, true, DETAIL_NONE, "connection lost while sending"},
	{CURLE_RECV_ERROR, REMEDY_LATER, true, DETAIL_LIBRARY, "connection lost"},
	{CURLE_HTTP2, REMEDY_LATER, true, DETAIL_NONE, "HTTP/2 connection broken off"},
	{CURLE_HTTP2_STREAM, REMEDY_LATER, true, DETAIL_NONE, "HTTP/2 stream broken off"},
	{CURLE_PARTIAL_FILE, REMEDY_LATER, false, DETAIL_NONE, "the body ended early"},
	{CURLE_WEIRD_SERVER_REPLY, REMEDY_LATER, false, DETAIL_NONE, "the answer is not HTTP"},
	{CURLE_UNSUPPORTED_PROTOCOL, REMEDY_PAGE, false, DETAIL_NONE,
		"the address is neither http nor https"},
	{CURLE_URL_MALFORMAT, REMEDY_PAGE, false, DETAIL_NONE, "the address is not a URL"},
	/* libcurl's code for an endless header line, which is the server's fault. */
	{CURLE_OUT_OF_MEMORY, REMEDY_LATER, false, DETAIL_NONE, header_too_large},
#if LIBCURL_VERSION_NUM >= 0x080600 /* limits the header before our own limit does */
	{CURLE_TOO_LARGE, REMEDY_LATER, false, DETAIL_NONE, header_too_large},
#endif
};

static const struct failure *failure_find(CURLcode code)
{
	static const struct failure other = {
		CURLE_OK, REMEDY_LATER, false, DETAIL_LIBRARY, "transfer failed"};

	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
		if (failures[i].code == code)
			return &failures[i];
	return &other;
}

bool transfer_was_connected(const struct transfer *transfer)
{
	curl_off_t connected = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	return connected > 0;
}

int transfer_socket_lack(void)
{
	int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), number = probe < 0 ? errno : 0;

	if (probe >= 0)
		close(probe);
	return number;
}

/* errno of what this machine did not give, for a code that may come of that; 0: it is the other
 * end's failure. libcurl does not say why a name could not be looked up, which takes a socket, too:
 * then one is tried. */
static int local_number(const struct transfer *transfer, CURLcode code)
{
	long number = transfer->socket_error;

	if (code == CURLE_COULDNT_CONNECT && number == 0)
		curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
	if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY) {
		number = transfer_socket_lack();
	} else if ((code == CURLE_OUT_OF_MEMORY && !transfer_was_connected(transfer)) ||
		   code == CURLE_FAILED_INIT) {
		number = ENOMEM;
	} else if (code != CURLE_COULDNT_CONNECT) {
		number = 0;
	}
	return system_error_local_connection((int)number) ? (int)number : 0;
}

void transfer_explain(const struct transfer *transfer, CURLcode code, struct error *error)
{
	const struct http_request *request = &transfer->request;
	const struct failure *failure = failure_find(code);
	const char *detail = failure->detail == DETAIL_LIBRARY ? transfer->detail : "";
	int local = local_number(transfer, code);
	long number = 0;

	/* libcurl's code for HTTP/0.9 and for a status below 100, too. */
	if (code == CURLE_UNSUPPORTED_PROTOCOL && transfer_was_connected(transfer))
		failure = failure_find(CURLE_WEIRD_SERVER_REPLY);
	if (local != 0) {
		system_error_connection(error, local);
	} else if (transfer->refused &&
		   (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK)) {
		error_set(error, REMEDY_PAGE, "%s",
			transfer->hops > 0 ? "a redirect into a private network was refused"
					   : request->guard);
	} else if (transfer->response.body.overflowed || code == CURLE_FILESIZE_EXCEEDED) {
		error_set(error, REMEDY_PAGE, "the body is larger than %zu bytes",
			transfer->response.body.maximum);
	} else if (transfer->headers_overflowed) {
		error_set(error, REMEDY_LATER, "%s", header_too_large);
	} else if (code == CURLE_OPERATION_TIMEDOUT) {
		bool connected = transfer_was_connected(transfer);
		int64_t limit = !connected && request->connect_timeout < request->total_timeout
					? request->connect_timeout
					: request->total_timeout;

		error_set(error, REMEDY_LATER, "%s within %g s",
			!connected                       ? "no connection"
			: transfer->response.status == 0 ? "no answer"
							 : "the answer was not complete",
			(double)limit / 1000);
	} else {
		curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
		if (failure->detail == DETAIL_SYSTEM && number != 0)
			detail = strerror((int)number);
		error_set(error, failure->remedy, "%s%s%s", failure->text,
			detail[0] != '\0' ? ": " : "", detail);
	}
}

bool transfer_is_transient(const struct transfer *transfer, CURLcode code)
{
	int status = transfer->response.status;

	if (transfer->refused ||
		transfer->request.total_timeout - transfer->spent <= HTTP_RETRY_PAUSE)
		return false;
	if (code == CURLE_OK)
		return status >= 502 && status <= 504 && transfer->response.retry_after == 0;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return !transfer_was_connected(transfer);
	return failure_find(code)->passing && transfer->response.headers[0] == '\0';
}

bool http_response_challenges(const struct http_response *response)
{
	static const char *const fields[] = {"\r\ncf-mitigated: challenge",
		"\r\nx-amzn-waf-action: challenge", "\r\nx-amzn-waf-action: captcha"};

	for (size_t i = 0; i < sizeof fields / sizeof *fields && response->headers != NULL; i++)
		if (strcasestr(response->headers, fields[i]) != NULL)
			return true;
	return false;
}
