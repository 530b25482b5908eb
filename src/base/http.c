/* SPDX-License-Identifier: ISC
 *
 * Redirects are followed here and not by libcurl: each hop then waits in the
 * queue of its own host, is recorded, and is checked before and while it
 * connects. A client is one multi handle, so that connections, names and the
 * parsed certificate bundle are shared.
 */
#include "base/http.h"

#include <netdb.h>
#include <netinet/in.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/address.h"
#include "base/curl_p.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	RETRY_PAUSE = 500,             /* milliseconds before the second try */
	RETRY_AFTER_MAX = 7 * 24 * 3600, /* seconds that a server may ask for */
	POST_BODY_MAX = 64 * 1024,
	REQUEST_HEADERS_MAX = 64 * 1024,
	PASSED_MAX = 64 * 1024,        /* bytes of addresses passed through */
	EXIT_LOCAL_TROUBLE = 3,
};

/* One scheme, name and port, with the transfers that wait for it. */
struct host {
	char *origin;
	struct transfer *first, *last;
	int64_t active;
	bool ready;             /* stands in the client's list */
	struct host *next_ready;
};

struct transfer {
	struct http_client *client;      /* NULL for a POST */
	struct http_request request;
	struct http_response response;
	struct transfer *previous, *next; /* of all of the client's */
	struct transfer *waiting;        /* the next one in its host's queue, or in the pause */
	struct host *host;               /* of this hop; owned by the client */
	char *first_origin;              /* where the user's own URL leads */
	char *url;                       /* of this hop */
	int64_t hops;
	int64_t spent, started;          /* milliseconds of the total timeout; of this hop */
	int64_t due;                     /* end of the pause */
	bool retried;
	bool guarded;                    /* a public host led here: private addresses are refused */
	bool refused;                    /* … and one was */
	CURL *easy;
	struct curl_slist *headers;
	struct buffer received, sent, passed;
	bool block_ended;                /* a header block is whole … */
	bool headers_complete;           /* … and it is that of the final response */
	bool headers_overflowed;
	char detail[CURL_ERROR_SIZE];
};

struct http_client {
	CURLM *multi;
	struct http_settings settings;
	char *user_agent, *ca_file;
	void *hosts;                     /* tsearch() tree of struct host */
	struct host *ready, *last_ready;
	struct transfer *all;
	struct transfer *paused, *last_paused; /* by due */
	size_t count;                    /* of all */
	int64_t active;
};

static int64_t milliseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* libcurl and libc give no handle only where memory has run out, and that ends the run (base/memory.h). */
static void *required(void *handle)
{
	static const char message[] = "lampwatch: out of memory\n";

	if (handle == NULL) {
		(void)!write(STDERR_FILENO, message, sizeof message - 1);
		_exit(EXIT_LOCAL_TROUBLE);
	}
	return handle;
}

void http_start(void)
{
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Addresses (URLs) */

static char *url_part(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL, *copy;

	if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
		return NULL;
	copy = memory_string(text);
	curl_free(text);
	return copy;
}

/* NULL where text is no URL of http or https with a host. */
static CURLU *url_parse(const char *text)
{
	CURLU *url = required(curl_url());
	char *scheme = NULL;

	if (curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK)
		scheme = url_part(url, CURLUPART_SCHEME, 0);
	if (scheme == NULL || (strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0)) {
		curl_url_cleanup(url);
		url = NULL;
	}
	free(scheme);
	return url;
}

static void lower(char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* "https://host:port"; flags may ask for the default port. NULL for no URL. */
static char *url_origin(const char *text, unsigned flags)
{
	CURLU *url = url_parse(text);
	char *scheme, *host, *port, *origin = NULL;

	if (url == NULL)
		return NULL;
	scheme = url_part(url, CURLUPART_SCHEME, 0);
	host = url_part(url, CURLUPART_HOST, 0);
	port = url_part(url, CURLUPART_PORT, flags);
	if (scheme != NULL && host != NULL)
		origin = memory_format("%s://%s%s%s", scheme, host, port != NULL ? ":" : "", port != NULL ? port : "");
	lower(origin);
	free(scheme);
	free(host);
	free(port);
	curl_url_cleanup(url);
	return origin;
}

char *http_url_origin(const char *url)
{
	char *origin = url_origin(url, CURLU_NO_DEFAULT_PORT);

	return origin != NULL ? origin : memory_string("(no URL)");
}

char *http_url_public(const char *text)
{
	static const CURLUPart secrets[] = {
		CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY, CURLUPART_FRAGMENT,
	};
	CURLU *url = url_parse(text);
	char *whole = NULL;

	if (url != NULL) {
		for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
			curl_url_set(url, secrets[i], NULL, 0);
		whole = url_part(url, CURLUPART_URL, 0);
		curl_url_cleanup(url);
	}
	return whole != NULL ? whole : memory_string("(no URL)");
}

char *http_url_host(const char *text)
{
	CURLU *url = url_parse(text);
	char *host;

	if (url == NULL)
		return NULL;
	host = url_part(url, CURLUPART_HOST, 0);
	curl_url_cleanup(url);
	lower(host);
	return host;
}

/* The host is written as a private address, or is this machine by name. */
static bool url_names_private(const char *text)
{
	char *host = http_url_host(text);
	bool literal = false, public = host != NULL && address_text_is_public(host, &literal);
	bool local = host != NULL && ((literal && !public) || text_equal(host, "localhost") ||
				      text_ends(host, ".localhost"));

	free(host);
	return local;
}

/* The guard of redirects */

static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;

		return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
	}
	if (a->sa_family == AF_INET6) {
		const struct sockaddr_in6 *x = (const void *)a, *y = (const void *)b;

		return x->sin6_port == y->sin6_port &&
		       memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
	}
	return false;
}

static bool resolves_to(const char *host, const char *port, const struct sockaddr *address)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	bool found = false;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		return false;
	for (struct addrinfo *one = list; one != NULL && !found; one = one->ai_next)
		found = same_address(one->ai_addr, address);
	freeaddrinfo(list);
	return found;
}

/*
 * True where the address is one that a proxy of the environment has. Looked up
 * only when a private address would be refused, which is rare enough to wait
 * for the name server.
 */
static bool is_proxy(const struct sockaddr *address)
{
	static const char *const variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	bool found = false;

	for (size_t i = 0; i < sizeof variables / sizeof *variables && !found; i++) {
		const char *value = getenv(variables[i]);
		CURLU *url = curl_url();

		if (!text_empty(value) &&
			curl_url_set(url, CURLUPART_URL, value, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) ==
				CURLUE_OK) {
			char *host = url_part(url, CURLUPART_HOST, 0), *port = url_part(url, CURLUPART_PORT, 0);

			/* 1080 and 443 are what libcurl takes where none is given. */
			found = host != NULL && resolves_to(host, port != NULL ? port :
				text_starts(value, "https:") ? "443" : "1080", address);
			free(host);
			free(port);
		}
		curl_url_cleanup(url);
	}
	return found;
}

static bool may_reach(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET &&
		address_is_public(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr))
		return true;
	if (address->sa_family == AF_INET6 &&
		address_is_public(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr))
		return true;
	return is_proxy(address);
}

static curl_socket_t guard_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = context;

	(void)purpose;
	if (!may_reach(&address->addr)) {
		transfer->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* As text and port to a struct sockaddr; no look-up is made. */
static bool address_parse(const char *text, int port, struct sockaddr_storage *address)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *list = NULL;
	char number[16];

	snprintf(number, sizeof number, "%d", port);
	if (getaddrinfo(text, number, &hints, &list) != 0)
		return false;
	memcpy(address, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return true;
}

/* A connection that stands already opens no socket, so it is looked at once more before it is used. */
static int guard_use(void *context, char *peer, char *own, int peer_port, int own_port)
{
	struct transfer *transfer = context;
	struct sockaddr_storage address;

	(void)own;
	(void)own_port;
	if (address_parse(peer, peer_port, &address) && may_reach((const struct sockaddr *)&address))
		return CURL_PREREQFUNC_OK;
	transfer->refused = true;
	return CURL_PREREQFUNC_ABORT;
}

/* True where the hop that has just ended was served by a public host. */
static bool hop_was_public(const struct transfer *transfer)
{
	struct sockaddr_storage address;
	char *peer = NULL;
	long port = 0;
	bool literal;

	curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &peer);
	curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_PORT, &port);
	if (peer == NULL || address_text_is_public(peer, &literal))
		return true;
	return address_parse(peer, (int)port, &address) && is_proxy((const struct sockaddr *)&address) &&
	       !url_names_private(transfer->url);
}

/* What libcurl hands over */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	return buffer_add(&transfer->response.body, bytes, size * count) ? size * count : 0;
}

static void note_certificate(struct transfer *transfer)
{
	struct curl_tlssessioninfo *session = NULL;
	char digest[DIGEST_TEXT];

	if (curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || session == NULL ||
		session->backend != CURLSSLBACKEND_OPENSSL || session->internals == NULL)
		return;
	if (digest_certificate(session->internals, digest))
		memory_set(&transfer->response.certificate, digest);
}

/* Keeps the last response's header block: not that of an interim one (1xx), and no trailers. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count;
	long status = 0;

	if (transfer->headers_complete)
		return length;
	if (transfer->block_ended)
		buffer_clear(&transfer->received);
	if (transfer->received.length == 0)
		note_certificate(transfer);
	if (!buffer_add(&transfer->received, bytes, length)) {
		transfer->headers_overflowed = true;
		return 0;
	}
	transfer->block_ended = length <= 2 && bytes[length - 1] == '\n' && (length == 1 || bytes[0] == '\r');
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	transfer->headers_complete = transfer->block_ended && status >= 200;
	return length;
}

/* The request as it went out; one to a proxy comes before it and is not kept. */
static int on_trace(CURL *easy, curl_infotype type, char *bytes, size_t length, void *context)
{
	struct transfer *transfer = context;

	(void)easy;
	if (type != CURLINFO_HEADER_OUT)
		return 0;
	if (text_ends(buffer_string(&transfer->sent), "\r\n\r\n"))
		buffer_clear(&transfer->sent);
	buffer_add(&transfer->sent, bytes, length);
	return 0;
}

/* One hop's handle */

void http_curl_profile(CURL *easy, const char *ca_file)
{
	static const char *const variables[] = {"CURL_CA_BUNDLE", "SSL_CERT_FILE"};

	for (size_t i = 0; i < sizeof variables / sizeof *variables && text_empty(ca_file); i++)
		ca_file = getenv(variables[i]);
	if (text_empty(ca_file))
		ca_file = curl_version_info(CURLVERSION_NOW)->cainfo;
	if (!text_empty(ca_file)) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		/* With a CApath set, as by default, libcurl parses the bundle for every connection: 27 ms each. */
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

/* Never 0, which libcurl takes for no limit. */
static long time_left(const struct transfer *transfer)
{
	int64_t left = transfer->request.total_timeout - transfer->spent;

	return left > 0 ? (long)left : 1;
}

static CURL *handle_new(struct transfer *transfer, const char *user_agent, const char *ca_file)
{
	CURL *easy = required(curl_easy_init());

	http_curl_profile(easy, ca_file);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)transfer->request.connect_timeout);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, time_left(transfer));
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_trace);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, transfer);
	if (transfer->headers != NULL)
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	return easy;
}

/* User and password of the configured URL go to its own host only, wherever a redirect leads. */
static void handle_credentials(struct transfer *transfer)
{
	CURLU *url = url_parse(transfer->request.url);
	char *user = NULL, *password = NULL;

	if (url != NULL && transfer->hops > 0 && text_equal(transfer->first_origin, transfer->host->origin)) {
		user = url_part(url, CURLUPART_USER, CURLU_URLDECODE);
		password = url_part(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
	}
	if (user != NULL)
		curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, user);
	if (password != NULL)
		curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, password);
	free(user);
	free(password);
	curl_url_cleanup(url);
}

static void header_add(struct curl_slist **headers, const char *name, const char *value)
{
	char *line;

	if (text_empty(value))
		return;
	line = memory_format("%s: %s", name, value);
	*headers = curl_slist_append(*headers, line);
	free(line);
}

static void hop_prepare(struct transfer *transfer)
{
	struct http_client *client = transfer->client;
	CURL *easy;

	header_add(&transfer->headers, "If-None-Match", transfer->request.etag);
	header_add(&transfer->headers, "If-Modified-Since", transfer->request.last_modified);
	easy = transfer->easy = handle_new(transfer, client->user_agent, client->ca_file);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->request.body_maximum);
	handle_credentials(transfer);
	if (transfer->guarded) {
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, guard_open);
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
		curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, guard_use);
		curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	}
}

/* What came back */

void http_response_release(struct http_response *response)
{
	char **const strings[] = {
		&response->headers, &response->etag, &response->last_modified, &response->requested_url,
		&response->final_url, &response->redirects, &response->request_headers, &response->address,
		&response->http_version, &response->certificate,
	};

	buffer_release(&response->body);
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(*strings[i]);
	*response = (struct http_response){0};
}

/* A value that can be sent back as it is, else NULL. */
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

static char *version_text(CURL *easy)
{
	static const struct {
		long version;
		const char *text;
	} versions[] = {
		{CURL_HTTP_VERSION_1_0, "1.0"}, {CURL_HTTP_VERSION_1_1, "1.1"}, {CURL_HTTP_VERSION_2_0, "2"},
		{CURL_HTTP_VERSION_3, "3"},
	};
	long version = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (versions[i].version == version)
			return memory_string(versions[i].text);
	return memory_string("");
}

static char *peer_text(CURL *easy)
{
	char *ip = NULL;
	long port = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
	curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
	if (text_empty(ip))
		return memory_string("");
	return memory_format(strchr(ip, ':') != NULL ? "[%s]:%ld" : "%s:%ld", ip, port);
}

static bool line_is_secret(const char *line)
{
	static const char *const names[] = {"authorization:", "proxy-authorization:", "cookie:"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncasecmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* The request without what may be secret: credentials, cookies, and the query in its first line. */
static char *request_text(const struct buffer *sent)
{
	struct buffer out = {.maximum = REQUEST_HEADERS_MAX};
	const char *line = buffer_string(sent);
	size_t target = strcspn(line, "?\r\n");

	if (line[target] == '?') {
		buffer_add(&out, line, target);
		line += target + strcspn(line + target, " \r\n");
	}
	while (*line != '\0') {
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n' ? 1 : 0;
		if (!line_is_secret(line))
			buffer_add(&out, line, length);
		line += length;
	}
	return buffer_take(&out);
}

static void response_collect(struct transfer *transfer)
{
	struct http_response *response = &transfer->response;
	CURL *easy = transfer->easy;
	curl_off_t wait = 0;
	long status = 0, sent = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait);
	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
	response->status = (int)status;
	response->retry_after = wait <= 0 ? 0 : wait > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : wait;
	response->sent = sent > 0;
	response->headers = buffer_take(&transfer->received);
	response->request_headers = request_text(&transfer->sent);
	response->etag = header_value(easy, "ETag");
	response->last_modified = header_value(easy, "Last-Modified");
	response->requested_url = memory_string(transfer->request.url);
	response->final_url = memory_string(transfer->url);
	response->address = peer_text(easy);
	response->http_version = version_text(easy);
	response->ended = milliseconds(CLOCK_REALTIME);
}

/* As it was before the hop, but for what is remembered of the hops before it. */
static void hop_clear(struct transfer *transfer)
{
	int64_t began = transfer->response.began;
	size_t maximum = transfer->response.body.maximum;

	http_response_release(&transfer->response);
	transfer->response.began = began;
	transfer->response.body.maximum = maximum;
	buffer_clear(&transfer->received);
	buffer_clear(&transfer->sent);
	transfer->block_ended = transfer->headers_complete = transfer->headers_overflowed = false;
	transfer->refused = false;
	transfer->detail[0] = '\0';
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	transfer->easy = NULL;
	transfer->headers = NULL;
}

static void transfer_release(struct transfer *transfer)
{
	hop_clear(transfer);
	http_response_release(&transfer->response);
	buffer_release(&transfer->received);
	buffer_release(&transfer->sent);
	buffer_release(&transfer->passed);
	free(transfer->first_origin);
	free(transfer->url);
}

static void transfer_free(struct transfer *transfer)
{
	transfer_release(transfer);
	free(transfer);
}

/* What went wrong */

static const char header_too_large[] = "the header of the answer is too large";

enum detail { DETAIL_NONE, DETAIL_LIBRARY, DETAIL_SYSTEM };

static const struct failure {
	CURLcode code;
	enum remedy remedy;
	bool passing; /* worth a second try where no answer had begun */
	enum detail detail;
	const char *text;
} failures[] = {
	{CURLE_COULDNT_RESOLVE_HOST, REMEDY_LATER, true, DETAIL_NONE, "host name not found"},
	{CURLE_COULDNT_RESOLVE_PROXY, REMEDY_LATER, true, DETAIL_NONE, "proxy's name not found"},
	{CURLE_COULDNT_CONNECT, REMEDY_LATER, true, DETAIL_SYSTEM, "no connection"},
	{CURLE_SSL_CONNECT_ERROR, REMEDY_LATER, true, DETAIL_LIBRARY, "TLS failed"},
	{CURLE_PEER_FAILED_VERIFICATION, REMEDY_LATER, false, DETAIL_LIBRARY, "certificate not trusted"},
	{CURLE_SSL_CACERT_BADFILE, REMEDY_CONFIGURATION, false, DETAIL_NONE, "the file of CA certificates cannot be read"},
	{CURLE_PROXY, REMEDY_LATER, true, DETAIL_NONE, "the proxy gave no connection"},
	{CURLE_GOT_NOTHING, REMEDY_LATER, true, DETAIL_NONE, "connection closed without an answer"},
	{CURLE_SEND_ERROR, REMEDY_LATER, true, DETAIL_NONE, "connection lost while sending"},
	{CURLE_RECV_ERROR, REMEDY_LATER, true, DETAIL_NONE, "connection lost"},
	{CURLE_HTTP2, REMEDY_LATER, true, DETAIL_NONE, "HTTP/2 broken off"},
	{CURLE_HTTP2_STREAM, REMEDY_LATER, true, DETAIL_NONE, "HTTP/2 stream broken off"},
	{CURLE_PARTIAL_FILE, REMEDY_LATER, false, DETAIL_NONE, "the body ended early"},
	{CURLE_BAD_CONTENT_ENCODING, REMEDY_LATER, false, DETAIL_NONE, "the body cannot be decompressed"},
	{CURLE_WEIRD_SERVER_REPLY, REMEDY_LATER, false, DETAIL_NONE, "the answer is not HTTP"},
	{CURLE_UNSUPPORTED_PROTOCOL, REMEDY_PAGE, false, DETAIL_NONE, "the address is neither http nor https"},
	{CURLE_URL_MALFORMAT, REMEDY_PAGE, false, DETAIL_NONE, "the address is no URL"},
	/* libcurl's word for a header line that does not end: theirs, not ours. */
	{CURLE_OUT_OF_MEMORY, REMEDY_LATER, false, DETAIL_NONE, header_too_large},
};

static const struct failure *failure_find(CURLcode code)
{
	static const struct failure other = {CURLE_OK, REMEDY_LATER, false, DETAIL_LIBRARY, "transfer failed"};

	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
		if (failures[i].code == code)
			return &failures[i];
	return &other;
}

static bool was_connected(const struct transfer *transfer)
{
	curl_off_t connected = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	return connected > 0;
}

static void timeout_explain(const struct transfer *transfer, struct error *error)
{
	const struct http_request *request = &transfer->request;
	bool connected = was_connected(transfer);
	bool early = !connected && request->connect_timeout < request->total_timeout;
	double seconds = (double)(early ? request->connect_timeout : request->total_timeout) / 1000;

	error_set(error, REMEDY_LATER, "%s within %g s",
		!connected                           ? "no connection"
		: transfer->response.status == 0     ? "no answer"
						     : "the answer was not complete",
		seconds);
}

static void hop_explain(const struct transfer *transfer, CURLcode code, struct error *error)
{
	const struct failure *failure = failure_find(code);
	const char *detail = failure->detail == DETAIL_LIBRARY ? transfer->detail : "";
	long number = 0;

	if (transfer->refused && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK)) {
		error_set(error, REMEDY_PAGE, "a redirect into a private network was refused");
	} else if (transfer->response.body.overflowed || code == CURLE_FILESIZE_EXCEEDED) {
		error_set(error, REMEDY_PAGE, "the body is larger than %zu bytes", transfer->response.body.maximum);
	} else if (transfer->headers_overflowed) {
		error_set(error, REMEDY_LATER, "%s", header_too_large);
	} else if (code == CURLE_OPERATION_TIMEDOUT) {
		timeout_explain(transfer, error);
	} else {
		curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
		if (failure->detail == DETAIL_SYSTEM && number != 0)
			detail = strerror((int)number);
		error_set(error, failure->remedy, "%s%s%s", failure->text, detail[0] != '\0' ? ": " : "", detail);
	}
}

/* The queue */

static int host_compare(const void *a, const void *b)
{
	return strcmp(((const struct host *)a)->origin, ((const struct host *)b)->origin);
}

static struct host *client_host(struct http_client *client, const char *url)
{
	/* An impossible URL waits in a queue too, and libcurl says what is wrong with it. */
	char *origin = url_origin(url, CURLU_DEFAULT_PORT);
	struct host key = {.origin = origin != NULL ? origin : memory_string("")};
	struct host **found = required(tsearch(&key, &client->hosts, host_compare));

	if (*found == &key) {
		*found = memory_zero(1, sizeof **found);
		(*found)->origin = key.origin;
	} else {
		free(key.origin);
	}
	return *found;
}

static void host_free(void *node)
{
	struct host *host = node;

	free(host->origin);
	free(host);
}

/* Puts the host at the end of the line, so that the hosts take turns. */
static void host_line_up(struct http_client *client, struct host *host)
{
	if (host->ready || host->first == NULL || host->active >= client->settings.per_host)
		return;
	host->ready = true;
	host->next_ready = NULL;
	if (client->ready == NULL)
		client->ready = host;
	else
		client->last_ready->next_ready = host;
	client->last_ready = host;
}

static void transfer_queue(struct transfer *transfer)
{
	struct host *host = transfer->host = client_host(transfer->client, transfer->url);

	transfer->waiting = NULL;
	if (host->first == NULL)
		host->first = transfer;
	else
		host->last->waiting = transfer;
	host->last = transfer;
	host_line_up(transfer->client, host);
}

static struct transfer *client_next(struct http_client *client)
{
	struct host *host = client->ready;
	struct transfer *transfer = host->first;

	client->ready = host->next_ready;
	host->ready = false;
	host->first = transfer->waiting;
	host->active++;
	client->active++;
	host_line_up(client, host);
	return transfer;
}

static void transfer_pause(struct transfer *transfer)
{
	struct http_client *client = transfer->client;

	transfer->due = milliseconds(CLOCK_MONOTONIC) + RETRY_PAUSE;
	transfer->waiting = NULL;
	if (client->paused == NULL)
		client->paused = transfer;
	else
		client->last_paused->waiting = transfer;
	client->last_paused = transfer;
}

static void client_wake(struct http_client *client)
{
	int64_t now = client->paused != NULL ? milliseconds(CLOCK_MONOTONIC) : 0;

	while (client->paused != NULL && client->paused->due <= now) {
		struct transfer *transfer = client->paused;

		client->paused = transfer->waiting;
		transfer_queue(transfer);
	}
}

static void transfer_begin(struct transfer *transfer, const char *url)
{
	transfer->response.body.maximum = (size_t)transfer->request.body_maximum;
	transfer->hops = 0;
	transfer->guarded = false;
	buffer_clear(&transfer->passed);
	memory_set(&transfer->url, url);
}

void http_client_get(struct http_client *client, const struct http_request *request)
{
	struct transfer *transfer = memory_zero(1, sizeof *transfer);

	transfer->client = client;
	transfer->request = *request;
	transfer->received.maximum = HTTP_HEADERS_MAX;
	transfer->sent.maximum = REQUEST_HEADERS_MAX;
	transfer->passed.maximum = PASSED_MAX;
	transfer->next = client->all;
	if (client->all != NULL)
		client->all->previous = transfer;
	client->all = transfer;
	client->count++;
	transfer_begin(transfer, request->url);
	transfer_queue(transfer);
	transfer->first_origin = memory_string(transfer->host->origin);
}

static void transfer_finish(struct transfer *transfer, const struct error *error)
{
	struct http_client *client = transfer->client;

	if (transfer->previous != NULL)
		transfer->previous->next = transfer->next;
	else
		client->all = transfer->next;
	if (transfer->next != NULL)
		transfer->next->previous = transfer->previous;
	client->count--;
	transfer->response.redirects = buffer_take(&transfer->passed);
	transfer->request.done(transfer->request.context, &transfer->response, error);
	transfer_free(transfer);
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Where the response redirects to, without user and password; NULL where it does not. Owned by the caller. */
static char *redirect_target(const struct transfer *transfer)
{
	char *location = NULL, *target;
	CURLU *url;

	curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
	if (!is_redirect(transfer->response.status) || location == NULL)
		return NULL;
	url = url_parse(location);
	if (url == NULL)
		return memory_string(location);
	curl_url_set(url, CURLUPART_USER, NULL, 0);
	curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
	target = url_part(url, CURLUPART_URL, 0);
	curl_url_cleanup(url);
	return target;
}

/* Goes on to target; false with the reason where it may not. */
static bool transfer_follow(struct transfer *transfer, const char *target, struct error *error)
{
	char *passed;

	transfer->guarded = transfer->guarded || hop_was_public(transfer);
	if (transfer->hops >= transfer->request.redirects)
		return error_set(error, REMEDY_PAGE, "more than %lld redirects", (long long)transfer->request.redirects);
	if (transfer->guarded && url_names_private(target))
		return error_set(error, REMEDY_PAGE, "a redirect into a private network was refused");
	passed = http_url_public(transfer->url);
	buffer_format(&transfer->passed, "%s\n", passed);
	free(passed);
	transfer->hops++;
	memory_set(&transfer->url, target);
	hop_clear(transfer);
	transfer_queue(transfer);
	return true;
}

/*
 * A fault that may be gone in a moment, met where no answer had begun; and only
 * while the total timeout leaves time for more.
 */
static bool is_transient(const struct transfer *transfer, CURLcode code)
{
	int status = transfer->response.status;

	if (transfer->refused || transfer->request.total_timeout - transfer->spent <= RETRY_PAUSE)
		return false;
	if (code == CURLE_OK)
		return status >= 502 && status <= 504 && transfer->response.retry_after == 0;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return !was_connected(transfer);
	return failure_find(code)->passing && transfer->response.headers[0] == '\0';
}

static void hop_ended(struct transfer *transfer, CURLcode code)
{
	struct error error = {0};
	char *target;

	transfer->spent += milliseconds(CLOCK_MONOTONIC) - transfer->started;
	transfer->host->active--;
	transfer->client->active--;
	host_line_up(transfer->client, transfer->host);
	response_collect(transfer);
	target = code == CURLE_OK ? redirect_target(transfer) : NULL;
	if (target != NULL) {
		if (!transfer_follow(transfer, target, &error))
			transfer_finish(transfer, &error);
	} else if (!transfer->retried && is_transient(transfer, code)) {
		transfer->retried = true;
		hop_clear(transfer);
		transfer_begin(transfer, transfer->request.url);
		transfer_pause(transfer);
	} else if (code == CURLE_OK) {
		transfer_finish(transfer, NULL);
	} else {
		hop_explain(transfer, code, &error);
		transfer_finish(transfer, &error);
	}
	free(target);
}

static void hop_start(struct transfer *transfer)
{
	struct http_client *client = transfer->client;

	transfer->started = milliseconds(CLOCK_MONOTONIC);
	if (transfer->response.began == 0)
		transfer->response.began = milliseconds(CLOCK_REALTIME);
	hop_prepare(transfer);
	curl_multi_add_handle(client->multi, transfer->easy);
}

/* The client */

struct http_client *http_client_new(const struct http_settings *settings)
{
	struct http_client *client = memory_zero(1, sizeof *client);

	client->settings = *settings;
	client->user_agent = memory_string(settings->user_agent);
	client->ca_file = memory_string(settings->ca_file);
	client->multi = required(curl_multi_init());
	/* Idle connections to a thousand hosts would only cost memory. */
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)settings->in_flight);
	return client;
}

void http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	while (client->all != NULL) {
		struct transfer *transfer = client->all;

		client->all = transfer->next;
		if (transfer->easy != NULL)
			curl_multi_remove_handle(client->multi, transfer->easy);
		transfer_free(transfer);
	}
	curl_multi_cleanup(client->multi);
	tdestroy(client->hosts, host_free);
	free(client->user_agent);
	free(client->ca_file);
	free(client);
}

/* Returns how many transfers ended. */
static size_t client_turn(struct http_client *client)
{
	size_t ended = 0;
	int count = 0;

	client_wake(client);
	while (client->ready != NULL && client->active < client->settings.in_flight)
		hop_start(client_next(client));
	curl_multi_perform(client->multi, &count);
	for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &count)) != NULL; ended++) {
		struct transfer *transfer = NULL;
		CURLcode code = message->data.result;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		curl_multi_remove_handle(client->multi, transfer->easy);
		hop_ended(transfer, code);
	}
	return ended;
}

size_t http_client_wait(struct http_client *client, const int *descriptors, size_t count, int timeout)
{
	struct curl_waitfd *others;
	size_t ended = client_turn(client);

	if (ended > 0 || (client->count == 0 && count == 0))
		return client->count;
	if (client->paused != NULL) {
		int64_t pause = client->paused->due - milliseconds(CLOCK_MONOTONIC);

		timeout = pause < 0 ? 0 : pause < timeout ? (int)pause : timeout;
	}
	others = memory_zero(count, sizeof *others);
	for (size_t i = 0; i < count; i++)
		others[i] = (struct curl_waitfd){.fd = descriptors[i], .events = CURL_WAIT_POLLIN};
	curl_multi_poll(client->multi, others, (unsigned)count, timeout, NULL);
	free(others);
	return client->count;
}

/* POST */

static void post_explain(const struct transfer *transfer, CURLcode code, struct error *error)
{
	hop_explain(transfer, code, error);
	if (error != NULL && error->remedy == REMEDY_PAGE)
		error->remedy = REMEDY_RECEIVER;
}

bool http_post(const struct http_post *post, struct http_response *response, struct error *error)
{
	struct transfer transfer = {
		.request = {.url = post->url, .connect_timeout = post->connect_timeout, .total_timeout = post->total_timeout},
		.response = {.body = {.maximum = POST_BODY_MAX}, .began = milliseconds(CLOCK_REALTIME)},
		.received = {.maximum = HTTP_HEADERS_MAX},
		.sent = {.maximum = REQUEST_HEADERS_MAX},
		.url = memory_string(post->url),
	};
	CURLcode code;

	for (const char *const *header = post->headers; header != NULL && *header != NULL; header++)
		transfer.headers = curl_slist_append(transfer.headers, *header);
	/* No waiting for a leave to send: not every receiver knows it. */
	transfer.headers = curl_slist_append(transfer.headers, "Expect:");
	transfer.easy = handle_new(&transfer, post->user_agent, post->ca_file);
	curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->length);
	curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDS, post->length > 0 ? post->body : "");
	code = curl_easy_perform(transfer.easy);
	response_collect(&transfer);
	/* The status is what matters: a longer body is cut, not refused. */
	if (code == CURLE_WRITE_ERROR && transfer.response.body.overflowed)
		code = CURLE_OK;
	if (code != CURLE_OK)
		post_explain(&transfer, code, error);
	*response = transfer.response;
	response->redirects = memory_string("");
	transfer.response = (struct http_response){0};
	transfer_release(&transfer);
	return code == CURLE_OK;
}
