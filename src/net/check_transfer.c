/* SPDX-License-Identifier: ISC
 *
 * Checks by libcurl. For all but http, it connects and does no more (CURLOPT_CONNECT_ONLY): that is
 * a handshake for an https URL, and for mail protocols the greeting, the capabilities, STARTTLS
 * and, with a user, the login.
 */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/check_p.h"

static bool is_mail(const struct check *check)
{
	return check->type == CHECK_IMAP || check->type == CHECK_POP3 || check->type == CHECK_SMTP;
}

/* ---- mail protocols ---- */

/* What a command asks for; one that logs in has no name that all three know. */
static enum check_phase phase_of(const char *line, size_t length)
{
	static const struct {
		const char *word;
		enum check_phase phase;
	} commands[] = {{"EHLO", PHASE_CAPABILITIES}, {"HELO", PHASE_CAPABILITIES},
		{"CAPA", PHASE_CAPABILITIES}, {"STARTTLS", PHASE_STARTTLS},
		{"STLS", PHASE_STARTTLS}};
	const char *blank = memchr(line, ' ', length);

	for (int tagged = 0; tagged < 2; tagged++) {
		for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
			if (length >= strlen(commands[i].word) &&
				strncasecmp(line, commands[i].word, strlen(commands[i].word)) == 0)
				return commands[i].phase;
		if (blank == NULL)
			break;
		length -= (size_t)(blank + 1 - line);
		line = blank + 1;
	}
	return PHASE_LOGIN;
}

static void keep_line(struct buffer *lines, const char *line, size_t length)
{
	const size_t room = CHECK_LINES_KEPT - lines->length;

	buffer_add(lines, line, length < room ? length : room);
}

/* Rounded up, as all times are. */
static int64_t elapsed_now(const struct transfer *transfer)
{
	return clock_milliseconds() - transfer->started + 1;
}

/* libcurl says when there is a connection once there is one with TLS: what TLS says first, or a
 * greeting before STARTTLS, shows when there was one without. */
static void note_connected(const struct transfer *transfer)
{
	struct check_work *work = transfer->check;

	if (work->connected == 0)
		work->connected = elapsed_now(transfer);
}

/* From the login on nothing is kept: what it says is a secret, and an answer may repeat it. */
static void hear_line(struct transfer *transfer, const char *bytes, size_t length)
{
	struct check_work *work = transfer->check;

	if (work->heard == 0) {
		work->measure.first_byte = elapsed_now(transfer);
		note_connected(transfer);
	}
	work->heard += length;
	if (work->phase == PHASE_GREETING)
		keep_line(&work->measure.greeting, bytes, length);
	else if (work->phase == PHASE_CAPABILITIES)
		keep_line(&work->measure.capabilities, bytes, length);
}

static void hear_command(struct check_work *work, const char *bytes, size_t length)
{
	if (work->phase != PHASE_LOGIN)
		work->phase = phase_of(bytes, length);
	if (work->phase == PHASE_CAPABILITIES)
		buffer_clear(&work->measure.capabilities);
}

static int overhear(CURL *easy, curl_infotype type, char *bytes, size_t length, void *context)
{
	struct transfer *transfer = context;
	struct check_work *work = transfer->check;

	(void)easy;
	transfer_count(transfer, type, length);
	if (type == CURLINFO_SSL_DATA_OUT)
		note_connected(transfer);
	if (work->request.check->type == CHECK_HTTP)
		return 0;
	if (type == CURLINFO_HEADER_OUT)
		hear_command(work, bytes, length);
	else if (type == CURLINFO_HEADER_IN)
		hear_line(transfer, bytes, length);
	return 0;
}

/* Ends one that says too much; called after the above, for each line. */
static size_t on_line(char *bytes, size_t size, size_t count, void *context)
{
	const struct transfer *transfer = context;

	(void)bytes;
	return transfer->check->heard <= CHECK_LINES_MAX ? size * count : 0;
}

/*
 * libcurl takes the best login that is offered, also what we do not do (GSSAPI, NTLM), and gives up
 * where that is refused. Under TLS these two are as good.
 */
static const char logins[] = "AUTH=PLAIN;AUTH=LOGIN";

static void prepare_mail(CURL *easy, struct transfer *transfer)
{
	const struct check_work *work = transfer->check;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps,pop3,pop3s,smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	/* Greeting and login belong to the connection for libcurl. */
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)work->request.check->total);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
	if (work->password == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, logins);
	curl_easy_setopt(easy, CURLOPT_USERNAME, work->request.check->user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, work->password);
}

/* ---- all ---- */

void check_prepare(struct transfer *transfer)
{
	static const long families[] = {[CHECK_ANY] = CURL_IPRESOLVE_WHATEVER,
		[CHECK_IPV4] = CURL_IPRESOLVE_V4,
		[CHECK_IPV6] = CURL_IPRESOLVE_V6};
	struct check_work *work = transfer->check;
	CURL *easy = transfer->easy;

	work->connected = 0;
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, overhear);
	curl_easy_setopt(easy, CURLOPT_IPRESOLVE, families[work->request.family]);
	/* What is measured is a connection of its own. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	check_certificate_watch(easy, &work->measure);
	if (work->request.check->type == CHECK_HTTP) {
		/* A body that is announced as too large is read as far as it may be. */
		curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)0);
		curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
		return;
	}
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);    /* ends when the handle is removed */
	curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L); /* what follows is not HTTP */
	if (is_mail(work->request.check))
		prepare_mail(easy, transfer);
}

/* libcurl says none where it only connects; there are servers that shut out who leaves without. */
void check_say_goodbye(const struct transfer *transfer)
{
	static const char *const goodbyes[CHECK_TYPES] = {[CHECK_IMAP] = "Z LOGOUT\r\n",
		[CHECK_POP3] = "QUIT\r\n",
		[CHECK_SMTP] = "QUIT\r\n"};
	const char *goodbye =
		transfer->check != NULL ? goodbyes[transfer->check->request.check->type] : NULL;
	size_t sent;

	if (goodbye != NULL)
		curl_easy_send(transfer->easy, goodbye, strlen(goodbye), &sent);
}

static bool is_of(const struct transfer *transfer, enum check_type type)
{
	return transfer->check != NULL && transfer->check->request.check->type == (int)type;
}

bool check_asks_http(const struct transfer *transfer)
{
	return transfer->check == NULL || is_of(transfer, CHECK_HTTP);
}

bool check_is_lookup(const struct transfer *transfer)
{
	return is_of(transfer, CHECK_DNS);
}

bool check_goes_on(const struct transfer *transfer)
{
	return transfer->check == NULL || transfer->hops < transfer->request.redirects;
}

const char *check_ca_file(const struct transfer *transfer, const char *of_all)
{
	const char *own = transfer->check != NULL ? transfer->check->request.check->ca_file : NULL;

	return own != NULL ? own : of_all;
}

/* ---- what came of it ---- */

/* In milliseconds from the beginning of the attempt. */
static int64_t elapsed(const struct transfer *transfer, CURLINFO info)
{
	curl_off_t microseconds = 0;

	if (curl_easy_getinfo(transfer->easy, info, &microseconds) != CURLE_OK || microseconds <= 0)
		return CHECK_NOT_REACHED;
	return transfer->before + (microseconds + 999) / 1000;
}

static int64_t elapsed_connect(const struct transfer *transfer)
{
	int64_t hello = transfer->check->connected,
		said = elapsed(transfer, CURLINFO_CONNECT_TIME_T);

	hello += transfer->before;
	return transfer->check->connected > 0 && (said == CHECK_NOT_REACHED || hello < said) ? hello
											     : said;
}

static void collect_times(const struct transfer *transfer, struct check_measure *measure)
{
	measure->lookup = elapsed(transfer, CURLINFO_NAMELOOKUP_TIME_T);
	measure->connect = elapsed_connect(transfer);
	measure->tls = elapsed(transfer, CURLINFO_APPCONNECT_TIME_T);
	if (transfer->check->request.check->type == CHECK_HTTP)
		measure->first_byte = elapsed(transfer, CURLINFO_STARTTRANSFER_TIME_T);
	measure->total = transfer->spent;
}

/* Nothing of an answer whose header did not come to its end. */
static void collect_header(struct transfer *transfer, struct check_measure *measure)
{
	struct http_response *response = &transfer->response;

	if (!transfer->headers_complete)
		return;
	measure->status = response->status;
	measure->headers = response->headers;
	response->headers = NULL;
}

static void collect_body(struct http_response *response, struct check_measure *measure)
{
	measure->body = response->body;
	response->body = (struct buffer){0};
}

bool check_reached(const struct transfer *transfer)
{
	return transfer->check != NULL && elapsed_connect(transfer) != CHECK_NOT_REACHED;
}

bool check_collect(struct transfer *transfer, CURLcode code, struct error *error)
{
	struct check_measure *measure = &transfer->check->measure;
	struct error detail = {0};
	bool http = check_asks_http(transfer);

	collect_times(transfer, measure);
	measure->began = transfer->response.began;
	measure->network = transfer->network;
	measure->redirects = memory_string(buffer_string(&transfer->passed));
	if (!text_empty(transfer->response.address))
		memory_set(&measure->address, transfer->response.address);
	if (code != CURLE_OK) {
		transfer_explain(transfer, code, &detail);
		if (detail.remedy == REMEDY_LOCAL) {
			*error = detail;
			return false;
		}
	}
	measure->answered = measure->connect != CHECK_NOT_REACHED;
	if (http)
		collect_header(transfer, measure);
	check_explain(transfer, code);
	if (http && code == CURLE_OK && !transfer_decode(transfer, &detail))
		measure->failure = memory_string(detail.text);
	if (http)
		collect_body(&transfer->response, measure);
	return true;
}
