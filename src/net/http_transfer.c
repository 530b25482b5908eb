/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/content_coding.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/address.h"
#include "net/check_p.h"
#include "net/http_p.h"

enum {
	FINAL_STATUS_MIN = 200,
	LENGTH_BELIEVED = 1024 * 1024, /* for a Content-Length up to this, memory is reserved */
};

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct buffer *body = &transfer->response.body;
	curl_off_t length = 0;

	if (body->length == 0)
		curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length > 0 && length <= LENGTH_BELIEVED)
		buffer_expect(body, (size_t)length);
	if (buffer_add(body, bytes, size * count))
		return size * count;
	buffer_add(body, bytes, body->maximum - body->length); /* what is cut off is full */
	return 0;
}

void transfer_count(struct transfer *transfer, curl_infotype type, size_t length)
{
	struct buffer *body = &transfer->response.body;

	if (type != CURLINFO_DATA_IN)
		return;
	transfer->wired += length;
	body->overflowed = body->overflowed || transfer->wired / HTTP_CHUNKING_MAX > body->maximum;
}

/* Of a body that has overflowed libcurl may go on to receive what is none of it. */
static int on_progress(
	void *context, curl_off_t down, curl_off_t has, curl_off_t up, curl_off_t sent)
{
	const struct transfer *transfer = context;

	(void)down, (void)has, (void)up, (void)sent;
	return transfer->response.body.overflowed;
}

/* Keeps the final response's header block, not those of interim responses (1xx), nor trailers. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct curl_tlssessioninfo *session = NULL;
	char digest[DIGEST_TEXT];
	size_t length = size * count;
	long status = 0;

	if (transfer->headers_complete) {
		transfer->trailers += length;
		transfer->headers_overflowed = transfer->trailers > HTTP_HEADERS_MAX;
		return transfer->headers_overflowed ? 0 : length;
	}
	if (transfer->block_ended)
		buffer_clear(&transfer->received);
	if (transfer->received.length == 0 &&
		curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK &&
		session != NULL && session->backend == CURLSSLBACKEND_OPENSSL &&
		session->internals != NULL && digest_certificate(session->internals, digest))
		memory_set(&transfer->response.certificate, digest);
	if (!buffer_add(&transfer->received, bytes, length)) {
		transfer->headers_overflowed = true;
		return 0;
	}
	transfer->block_ended =
		length <= 2 && bytes[length - 1] == '\n' && (length == 1 || bytes[0] == '\r');
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	transfer->headers_complete = transfer->block_ended && status >= FINAL_STATUS_MIN;
	return length;
}

/* Keeps the request as sent, without an earlier one to a proxy. */
static int on_trace(CURL *easy, curl_infotype type, char *bytes, size_t length, void *context)
{
	struct transfer *transfer = context;

	(void)easy;
	transfer_count(transfer, type, length);
	if (type != CURLINFO_HEADER_OUT)
		return 0;
	if (text_ends(buffer_string(&transfer->sent), "\r\n\r\n"))
		buffer_clear(&transfer->sent);
	buffer_add(&transfer->sent, bytes, length);
	return 0;
}

void http_curl_profile(CURL *easy, const char *ca_file)
{
	static const char *const variables[] = {"CURL_CA_BUNDLE", "SSL_CERT_FILE"};

	for (size_t i = 0; i < sizeof variables / sizeof *variables && text_empty(ca_file); i++)
		ca_file = getenv(variables[i]);
	if (text_empty(ca_file))
		ca_file = curl_version_info(CURLVERSION_NOW)->cainfo;
	if (!text_empty(ca_file)) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		/* With a CApath set, as by default, libcurl parses the bundle for every connection:
		 * 27 ms each. */
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

CURL *transfer_handle(struct transfer *transfer, const char *user_agent, const char *ca_file)
{
	int64_t left = transfer->request.total_timeout - transfer->spent;
	CURL *easy = http_required(curl_easy_init());

	http_curl_profile(easy, ca_file);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* A redirect without a scheme, such as "user:word@127.0.0.1", would be taken for http: the
	 * guard has not understood it, and a proxy asks whom it is told to. */
	curl_easy_setopt(easy, CURLOPT_DEFAULT_PROTOCOL, "none");
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
	curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L); /* transfer_decode() does it */
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	/* What libcurl remembers of names it looks through for each transfer: of 10,000 hosts, for
	 * half of the run's time. */
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	/* libcurl keeps a connection on which it could not send anything, and lets the next
	 * request wait for it without a timeout. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, transfer->retried ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)transfer->request.connect_timeout);
	/* 0 would be no limit. */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left > 0 ? (long)left : 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_trace);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, guard_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	if (transfer->headers != NULL)
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	return easy;
}

void transfer_prepare(struct transfer *transfer, const char *user_agent, const char *ca_file)
{
	const struct http_request *request = &transfer->request;
	const char *const validators[][2] = {
		{"If-None-Match", request->etag}, {"If-Modified-Since", request->last_modified}};
	CURLU *url = http_url_parse(request->url);
	CURL *easy;

	for (size_t i = 0; i < sizeof validators / sizeof *validators; i++)
		if (!text_empty(validators[i][1])) {
			char *line = memory_format("%s: %s", validators[i][0], validators[i][1]);

			transfer->headers = curl_slist_append(transfer->headers, line);
			free(line);
		}
	transfer->headers =
		curl_slist_append(transfer->headers, "Accept-Encoding: " CONTENT_CODINGS);
	easy = transfer->easy = transfer_handle(transfer, user_agent, ca_file);
	curl_easy_setopt(easy, CURLOPT_COOKIEFILE, ""); /* there is no file: this turns them on */
	for (const struct curl_slist *cookie = transfer->cookies; cookie != NULL;
		cookie = cookie->next)
		curl_easy_setopt(easy, CURLOPT_COOKIELIST, cookie->data);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->body_maximum);
	/* User and password of the configured URL go to its own host only, wherever a redirect
	 * leads; NULL sets none. */
	if (url != NULL && transfer->hops > 0 && transfer->own_host) {
		char *user = http_url_part(url, CURLUPART_USER, CURLU_URLDECODE);
		char *password = http_url_part(url, CURLUPART_PASSWORD, CURLU_URLDECODE);

		curl_easy_setopt(easy, CURLOPT_USERNAME, user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
		free(user);
		free(password);
	}
	curl_url_cleanup(url);
	if (transfer->guarded)
		guard_set(transfer);
	if (transfer->check != NULL)
		check_prepare(transfer);
}

void http_response_release(struct http_response *response)
{
	char **const strings[] = {
		&response->headers,
		&response->etag,
		&response->last_modified,
		&response->requested_url,
		&response->final_url,
		&response->redirects,
		&response->request_headers,
		&response->address,
		&response->http_version,
		&response->certificate,
		&response->sha1,
		&response->mislabelled,
	};

	buffer_release(&response->body);
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(*strings[i]);
	*response = (struct http_response){0};
}

/* A value that can be sent back verbatim, else NULL. */
static char *header_value(CURL *easy, const char *name)
{
	struct curl_header *header = NULL;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	if (header->value[0] == '\0' || strlen(header->value) > HTTP_HEADER_VALUE_MAX)
		return NULL;
	for (const char *c = header->value; *c != '\0'; c++)
		if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return NULL;
	return memory_string(header->value);
}

/* In the second in which it was sent a page may change again, and keeps its time: NULL (RFC 9110,
 * section 8.8.2.2). */
static char *last_modified(CURL *easy)
{
	char *value = header_value(easy, "Last-Modified"), *date = header_value(easy, "Date");

	if (value != NULL && date != NULL && curl_getdate(date, NULL) <= curl_getdate(value, NULL))
		memory_set(&value, NULL);
	free(date);
	return value;
}

/* The request without possible secrets: credentials, cookies, and the query in its first line. */
static char *request_text(const struct buffer *sent)
{
	static const char *const secrets[] = {"authorization:", "proxy-authorization:", "cookie:"};
	struct buffer out = {.maximum = HTTP_REQUEST_HEADERS_MAX};
	const char *line = buffer_string(sent);
	size_t target = strcspn(line, "?\r\n");

	if (line[target] == '?') {
		buffer_add(&out, line, target);
		line += target + strcspn(line + target, " \r\n");
	}
	while (*line != '\0') {
		size_t length = strcspn(line, "\n");
		bool secret = false;

		length += line[length] == '\n' ? 1 : 0;
		for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
			secret = secret || strncasecmp(line, secrets[i], strlen(secrets[i])) == 0;
		if (!secret)
			buffer_add(&out, line, length);
		line += length;
	}
	return buffer_take(&out);
}

CURLcode transfer_collect(struct transfer *transfer, CURLcode code)
{
	static const struct {
		long version;
		const char *text;
	} versions[] = {
		{CURL_HTTP_VERSION_1_0, "1.0"}, {CURL_HTTP_VERSION_1_1, "1.1"},
		{CURL_HTTP_VERSION_2_0, "2"}, {CURL_HTTP_VERSION_3, "3"}, {0, ""}, /* any other */
	};
	struct http_response *response = &transfer->response;
	CURL *easy = transfer->easy;
	curl_off_t wait = 0;
	long status = 0, sent = 0, port = 0, version = 0;
	size_t i = 0;
	char *ip = NULL, *host;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait);
	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
	curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
	curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	response->status = (int)status;
	response->retry_after = wait <= 0                     ? 0
				: wait > HTTP_RETRY_AFTER_MAX ? HTTP_RETRY_AFTER_MAX
							      : wait;
	response->sent = sent > 0;
	response->headers = buffer_take(&transfer->received);
	response->request_headers = request_text(&transfer->sent);
	response->etag = header_value(easy, "ETag");
	response->last_modified = last_modified(easy);
	response->requested_url = memory_string(transfer->request.url);
	response->final_url = memory_string(transfer->url);
	host = address_in_url(ip != NULL ? ip : "");
	response->address =
		host[0] == '\0' ? memory_string("") : memory_format("%s:%ld", host, port);
	free(host);
	while (versions[i].version != 0 && versions[i].version != version)
		i++;
	response->http_version = memory_string(versions[i].text);
	return code == CURLE_OK && status < FINAL_STATUS_MIN && check_asks_http(transfer)
		       ? CURLE_WEIRD_SERVER_REPLY
		       : code;
}

/* The field's lines as one (RFC 9110 section 5.3). Owned by the caller. */
static char *field_value(CURL *easy, const char *name)
{
	struct buffer value = {.maximum = HTTP_HEADER_VALUE_MAX};
	struct curl_header *header = NULL;
	size_t i = 0;

	while (curl_easy_header(easy, name, i++, CURLH_HEADER, -1, &header) == CURLHE_OK)
		buffer_format(&value, "%s%s", i > 1 ? ", " : "", header->value);
	return buffer_take(&value);
}

bool transfer_decode(struct transfer *transfer, struct error *error)
{
	struct http_response *response = &transfer->response;
	char *codings = field_value(transfer->easy, "Content-Encoding");
	struct error detail;
	bool good;

	if (transfer->request.wants_sha1) {
		free(response->sha1);
		response->sha1 = memory_zero(DIGEST_BASE32, 1);
		digest_sha1_base32(
			buffer_string(&response->body), response->body.length, response->sha1);
	}
	good = content_decode(codings, &response->body, &response->mislabelled, &detail);
	free(codings);
	return good || error_set(error, detail.remedy, "the body %s", detail.text);
}

void transfer_keep_cookies(struct transfer *transfer)
{
	struct curl_slist *cookies = NULL, *last;
	size_t count = 1;

	curl_easy_getinfo(transfer->easy, CURLINFO_COOKIELIST, &cookies);
	for (last = cookies; last != NULL && count < HTTP_COOKIES_MAX; count++)
		last = last->next;
	if (last != NULL) {
		curl_slist_free_all(last->next);
		last->next = NULL;
	}
	curl_slist_free_all(transfer->cookies);
	transfer->cookies = cookies;
}

void transfer_clear(struct transfer *transfer)
{
	int64_t began = transfer->response.began;
	size_t maximum = transfer->response.body.maximum;

	http_response_release(&transfer->response);
	transfer->response.began = began;
	transfer->response.body.maximum = maximum;
	buffer_clear(&transfer->received);
	buffer_clear(&transfer->sent);
	transfer->block_ended = transfer->headers_complete = transfer->headers_overflowed = false;
	transfer->trailers = transfer->wired = 0;
	transfer->refused = transfer->tried = false;
	transfer->socket_error = 0;
	transfer->detail[0] = '\0';
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	transfer->easy = NULL;
	transfer->headers = NULL;
}

void transfer_release(struct transfer *transfer)
{
	transfer_clear(transfer);
	http_response_release(&transfer->response);
	buffer_release(&transfer->received);
	buffer_release(&transfer->sent);
	buffer_release(&transfer->passed);
	curl_slist_free_all(transfer->cookies);
	check_work_free(transfer->check);
	free(transfer->first_origin);
	free(transfer->url);
}
