/* SPDX-License-Identifier: ISC
 *
 * A small HTTP/1.1 server for tests and the demonstration: serves files, keeps
 * what is posted, and does wrong what it is told to.
 *
 *   http-server --port-file FILE [--port N] [--address 127.0.0.1] [--root DIR] [--log FILE]
 *               [--posts DIR] [--tls FILE] [--lifetime SECONDS]
 *
 * The port (one that is free, where none is given) is written to the port file when the server
 * listens. Files below the root are read again at each request, with ETag and Last-Modified. With
 * --tls it speaks TLS, with a new certificate for localhost, *.test.localhost and 127.0.0.1 that is
 * written to FILE as PEM. It ends by SIGTERM, with its parent, or after its lifetime (600 s).
 *
 * Log: one line for each request, its fields separated by tabs: method, target,
 * If-None-Match or "-", status (0: none was sent), requests being answered.
 * A POST or PUT is kept as DIR/000001 and so on: request line, headers, blank line, body.
 *
 * Faults are words separated by ";", in the file NAME.fault next to NAME, or else in .fault of its
 * folder, or in the query as ?fault=…: the last of the query, taken as it is.
 *
 *   status=N, retry-after=V, redirect=URL, header=NAME: VALUE, type=T, wrong-charset=C, body=TEXT,
 *   no-validators, not-modified (304 whatever was asked)
 *   times=N               only the first N requests for this path meet the fault
 *   delay=MS              waits before it answers; drip, drip=MS: one byte each second or MS
 *   hang                  never answers; close: closes instead of answering
 *   reset                 resets the connection in mid-body
 *   truncated             the body is shorter than its Content-Length
 *   endless-headers, endless-header-line, endless-body, redirect-loop
 *   echo                  the body is the request's headers
 *   chunked, gzip         the body in chunks, as gzip; gzip-bomb: 12 MB that become 2 GB
 *   cut=N                 without its last N bytes (after gzip), and complete by its length
 *   coding=NAME           labelled so, whatever the body is in
 *   cookie                a redirect to itself that sets a cookie, until that comes back
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	CONNECTIONS_MAX = 2048,
	REQUEST_MAX = 32 * 1024 * 1024,
	BLOCK = 64 * 1024,
	BOMB_BYTES = 12 * 1024 * 1024,
	LIFETIME = 600,
};

struct connection {
	int descriptor;
	SSL *tls;
	struct buffer in, out;
	size_t sent;            /* of out */
	struct buffer repeated; /* sent again and again after out … */
	int64_t repeats;        /* … so many times */
	int64_t due;            /* milliseconds: nothing is sent before */
	int64_t drip;           /* milliseconds between bytes, 0: at once */
	bool busy;              /* a request is being answered */
	bool hanging, closing, resetting, wants_write;
};

struct request {
	char *method, *target, *path, *fault;
	const char *headers; /* after the request line, CRLF */
	const char *body;
	size_t length;
	bool close;
};

struct visits {
	char *path;
	long count;
};

static struct {
	const char *address, *root, *log, *posts, *port_file, *tls_file;
	int port, lifetime;
	int listener;
	SSL_CTX *tls;
	struct connection *connections;
	size_t count;
	struct visits *visits;
	size_t visit_count;
	unsigned post_count;
} server = {.address = "127.0.0.1", .root = ".", .lifetime = LIFETIME};

static void fail(const char *what)
{
	fprintf(stderr, "http-server: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Faults */

/* The value of a word, "" where it has none, NULL where it is not there. Owned by the caller. */
static char *fault_value(const char *fault, const char *word)
{
	size_t length = strlen(word);

	while (*fault != '\0') {
		size_t end = strcspn(fault, ";\n");

		if (strncmp(fault, word, length) == 0 && (length == end || fault[length] == '='))
			return length == end ? memory_string("")
					     : memory_bytes(fault + length + 1, end - length - 1);
		fault += end + (fault[end] != '\0');
	}
	return NULL;
}

static bool fault_has(const char *fault, const char *word)
{
	char *value = fault_value(fault, word);

	free(value);
	return value != NULL;
}

static long fault_number(const char *fault, const char *word, long otherwise)
{
	char *value = fault_value(fault, word);
	long number = text_empty(value) ? otherwise : strtol(value, NULL, 10);

	free(value);
	return number;
}

static long visit(const char *path)
{
	struct visits *new;

	for (size_t i = 0; i < server.visit_count; i++)
		if (text_equal(server.visits[i].path, path))
			return ++server.visits[i].count;
	new = memory_append(&server.visits, &server.visit_count, sizeof *new);
	new->path = memory_string(path);
	return ++new->count;
}

/* The file below the root; NULL where the path leads elsewhere or to nothing. Owned by the caller.
 */
static char *file_of(const char *path)
{
	char *name;
	struct stat status;

	if (path[0] != '/' || strstr(path, "..") != NULL)
		return NULL;
	name = memory_format("%s%s%s", server.root, path, text_ends(path, "/") ? "index.html" : "");
	if (stat(name, &status) == 0 && S_ISREG(status.st_mode))
		return name;
	free(name);
	return NULL;
}

static char *fault_of(const char *path, const char *query)
{
	char *beside = memory_format("%s%s.fault", path, text_ends(path, "/") ? "index.html" : "");
	const char *slash = strrchr(path, '/');
	char *folder = memory_format("%.*s/.fault", (int)(slash != NULL ? slash - path : 0), path);
	char *own = file_of(beside), *name = own != NULL ? own : file_of(folder);
	const char *asked = query != NULL ? strstr(query, "fault=") : NULL;
	struct buffer text = {0};
	long count = visit(path);

	if (asked != NULL)
		buffer_text(&text, asked + strlen("fault="));
	else if (name != NULL)
		file_read(name, &text, NULL);
	if (count > fault_number(buffer_string(&text), "times", count))
		buffer_clear(&text);
	free(beside);
	free(folder);
	free(name);
	return buffer_take(&text);
}

/* Requests */

/* A header's value; NULL where there is none. Owned by the caller. */
static char *header_of(const char *headers, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = headers; *line != '\0' && *line != '\r';) {
		size_t end = strcspn(line, "\r\n");

		if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
			const char *value = line + length + 1 + strspn(line + length + 1, " ");

			return memory_bytes(value, (size_t)(line + end - value));
		}
		line += end + (line[end] == '\r') + 1;
	}
	return NULL;
}

static void request_release(struct request *request)
{
	free(request->method);
	free(request->target);
	free(request->path);
	free(request->fault);
}

/* A proxy is asked for whole URLs: the path is what follows the host. */
static const char *target_path(const char *target)
{
	const char *host = strstr(target, "://");

	if (target[0] == '/' || host == NULL)
		return target;
	host = strchr(host + 3, '/');
	return host != NULL ? host : "/";
}

/* False while the request is not whole. Its size in bytes into *whole. */
static bool request_parse(const struct buffer *in, struct request *request, size_t *whole)
{
	const char *text = buffer_string(in), *end = strstr(text, "\r\n\r\n"), *query, *path;
	size_t method = strcspn(text, " "), target;
	char *length, *connection;

	if (end == NULL)
		return false;
	request->headers = strstr(text, "\r\n") + 2;
	request->body = end + 4;
	length = header_of(request->headers, "Content-Length");
	request->length = length != NULL ? strtoul(length, NULL, 10) : 0;
	free(length);
	*whole = (size_t)(request->body - text) + request->length;
	if (in->length < *whole)
		return false;
	target = strcspn(text + method + 1, " \r");
	request->method = memory_bytes(text, method);
	request->target = memory_bytes(text + method + 1, target);
	path = target_path(request->target);
	query = strchr(path, '?');
	request->path = memory_bytes(path, strcspn(path, "?"));
	request->fault = fault_of(request->path, query);
	connection = header_of(request->headers, "Connection");
	request->close = connection != NULL && strcasecmp(connection, "close") == 0;
	free(connection);
	return true;
}

static void request_log(const struct request *request, long status)
{
	char *validator = header_of(request->headers, "If-None-Match");
	size_t busy = 0;
	char *line;

	for (size_t i = 0; i < server.count; i++)
		busy += server.connections[i].busy;
	line = memory_format("%s\t%s\t%s\t%ld\t%zu\n", request->method, request->target,
		validator != NULL ? validator : "-", status, busy);
	if (server.log != NULL) {
		int log = open(server.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

		if (log < 0 || !file_write_all(log, line, strlen(line)))
			fail(server.log);
		close(log);
	}
	free(line);
	free(validator);
}

static bool is_post(const struct request *request)
{
	return text_equal(request->method, "POST") || text_equal(request->method, "PUT");
}

static void post_keep(const struct buffer *in, size_t whole)
{
	char *name;
	struct error error;

	if (server.posts == NULL)
		return;
	name = memory_format("%s/%06u", server.posts, ++server.post_count);
	if (!file_write(name, in->data, whole, 0644, &error))
		fail(error.text);
	free(name);
}

/* Answers */

static uint32_t crc32_of(const char *bytes, size_t length)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < length; i++) {
		crc ^= (unsigned char)bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
	}
	return ~crc;
}

static void add_number(struct buffer *out, uint32_t number, int bytes)
{
	for (; bytes > 0; bytes--, number >>= 8)
		buffer_byte(out, (char)(number & 0xff));
}

static const char gzip_head[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff";

/* RFC 1952 with stored blocks (RFC 1951 section 3.2.4): valid, and needs no compressor. */
static void gzip(struct buffer *body)
{
	struct buffer out = {0};
	uint32_t crc = crc32_of(buffer_string(body), body->length);
	size_t at = 0, length = body->length;

	buffer_add(&out, gzip_head, sizeof gzip_head - 1);
	do {
		size_t block = length - at < 0xffff ? length - at : 0xffff;

		buffer_byte(&out, at + block == length);
		add_number(&out, (uint32_t)block, 2);
		add_number(&out, (uint32_t)~block, 2);
		buffer_add(&out, buffer_string(body) + at, block);
		at += block;
	} while (at < length);
	add_number(&out, crc, 4);
	add_number(&out, (uint32_t)length, 4);
	buffer_release(body);
	*body = out;
}

/*
 * RFC 1951 section 3.2.6, fixed codes: a zero byte, then "258 bytes, from one
 * back" (13 bits) without end; eight of them are 13 whole bytes.
 */
static void gzip_bomb(struct connection *connection)
{
	static const char match[] = "1100010100000";
	struct buffer bits = {0};

	buffer_add(&connection->out, gzip_head, sizeof gzip_head - 1);
	buffer_text(&bits, "110"
			   "00110000");
	for (int i = 0; i < 9; i++)
		buffer_text(&bits, match);
	for (size_t at = 0; at < bits.length; at += 8) {
		unsigned byte = 0;

		for (int bit = 0; bit < 8; bit++)
			byte |= (unsigned)(bits.data[at + (size_t)bit] == '1') << bit;
		buffer_byte(at < 24 ? &connection->out : &connection->repeated, (char)byte);
	}
	connection->repeats = BOMB_BYTES / 13;
	buffer_release(&bits);
}

static void repeat(struct connection *connection, const char *text)
{
	while (connection->repeated.length < 4096)
		buffer_text(&connection->repeated, text);
	connection->repeats = INT64_MAX;
}

static const char *type_of(const char *path)
{
	static const char *const types[][2] = {
		{".json", "application/json"},
		{".rss", "application/rss+xml"},
		{".xml", "application/xml"},
		{".atom", "application/atom+xml"},
		{".txt", "text/plain; charset=utf-8"},
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (text_ends(path, types[i][0]))
			return types[i][1];
	return "text/html; charset=utf-8";
}

static void http_date(time_t time, char out[static 64])
{
	struct tm parts;

	gmtime_r(&time, &parts);
	strftime(out, 64, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

/* Adds ETag and Last-Modified; true where the client has this body already. */
static bool validators_add(const struct request *request, const struct buffer *body,
	time_t modified, struct buffer *headers)
{
	char digest[DIGEST_TEXT], etag[32], date[64];
	char *asked = header_of(request->headers, "If-None-Match");
	char *since = header_of(request->headers, "If-Modified-Since");
	bool same;

	digest_sha256(buffer_string(body), body->length, digest);
	snprintf(etag, sizeof etag, "\"%.16s\"", digest);
	http_date(modified, date);
	buffer_format(headers, "ETag: %s\r\nLast-Modified: %s\r\n", etag, date);
	same = asked != NULL ? text_equal(asked, etag) : since != NULL && text_equal(since, date);
	free(asked);
	free(since);
	return same;
}

static void value_add(
	struct buffer *headers, const char *fault, const char *word, const char *format)
{
	char *value = fault_value(fault, word);
	const char *place = strstr(format, "%s");

	if (value != NULL) {
		buffer_add(headers, format, (size_t)(place - format));
		buffer_text(headers, value);
		buffer_text(headers, place + 2);
	}
	free(value);
}

/* The body without the end that it should have. */
static void body_cut(const char *fault, struct buffer *body)
{
	size_t cut = (size_t)fault_number(fault, "cut", 0);

	buffer_cut(body, cut < body->length ? body->length - cut : 0);
}

/* Whether the request lacks the cookie that the answer sets. */
static bool cookie_missing(const struct request *request)
{
	char *cookie = header_of(request->headers, "Cookie");
	bool missing = fault_has(request->fault, "cookie") &&
		       (cookie == NULL || strstr(cookie, "seen=yes") == NULL);

	free(cookie);
	return missing;
}

static void type_add(struct buffer *headers, const struct request *request)
{
	if (fault_has(request->fault, "type"))
		value_add(headers, request->fault, "type", "Content-Type: %s\r\n");
	else if (fault_has(request->fault, "wrong-charset"))
		value_add(headers, request->fault, "wrong-charset",
			"Content-Type: text/html; charset=%s\r\n");
	else
		buffer_format(headers, "Content-Type: %s\r\n", type_of(request->path));
}

/* What is to be served, and when it changed. False where there is nothing. */
static bool body_load(const struct request *request, struct buffer *body, time_t *modified)
{
	char *given = fault_value(request->fault, "body"), *name = file_of(request->path);
	struct stat status = {0};
	bool echo = fault_has(request->fault, "echo"), found = given != NULL || echo;

	if (echo)
		buffer_add(body, request->headers, (size_t)(request->body - request->headers));
	else if (given != NULL)
		buffer_text(body, given);
	else if (name != NULL)
		found = stat(name, &status) == 0 && file_read(name, body, NULL);
	*modified = status.st_mtime;
	free(given);
	free(name);
	return found;
}

static void body_send(
	struct connection *connection, const struct request *request, const struct buffer *body)
{
	struct buffer *out = &connection->out;
	const char *fault = request->fault;

	if (fault_has(fault, "endless-body")) {
		buffer_text(out, "Transfer-Encoding: chunked\r\n\r\n");
		repeat(connection, "10\r\n0123456789abcde\n\r\n");
	} else if (fault_has(fault, "gzip-bomb")) {
		buffer_text(out, "Content-Encoding: gzip\r\nConnection: close\r\n\r\n");
		gzip_bomb(connection);
	} else if (fault_has(fault, "chunked")) {
		buffer_format(out, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", body->length);
		buffer_add(out, body->data, body->length);
		buffer_text(out, "\r\n0\r\nX-Trailer: not a header\r\n\r\n");
	} else {
		bool cut = fault_has(fault, "truncated") || fault_has(fault, "reset");

		buffer_format(out, "Content-Length: %zu\r\n\r\n", body->length + (cut ? 1000 : 0));
		buffer_add(out, body->data, body->length);
	}
}

/* Status line and headers of a whole answer, then its body. */
static void answer_write(struct connection *connection, const struct request *request)
{
	struct buffer body = {0}, headers = {0};
	const char *fault = request->fault;
	bool redirect = fault_has(fault, "redirect") || fault_has(fault, "redirect-loop"), found,
	     same = false;
	bool post = is_post(request), cookie = cookie_missing(request);
	time_t modified = 0;
	long status;

	found = body_load(request, &body, &modified);
	status = fault_number(fault, "status",
		redirect || cookie ? 302
		: found || post    ? 200
				   : 404);
	if (status == 200 && !post && !fault_has(fault, "no-validators"))
		same = validators_add(request, &body, modified, &headers);
	if (same || fault_has(fault, "not-modified"))
		status = 304;
	type_add(&headers, request);
	value_add(&headers, fault, "retry-after", "Retry-After: %s\r\n");
	value_add(&headers, fault, "redirect", "Location: %s\r\n");
	value_add(&headers, fault, "header", "%s\r\n");
	if (fault_has(fault, "redirect-loop"))
		buffer_format(&headers, "Location: %s\r\n", request->target);
	if (cookie)
		buffer_format(&headers, "Set-Cookie: seen=yes; Path=/\r\nLocation: %s\r\n",
			request->target);
	value_add(&headers, fault, "coding", "Content-Encoding: %s\r\n");
	if (fault_has(fault, "gzip")) {
		gzip(&body);
		buffer_text(&headers, "Content-Encoding: gzip\r\n");
	}
	body_cut(fault, &body);
	buffer_format(
		&connection->out, "HTTP/1.1 %ld Scripted\r\n%s", status, buffer_string(&headers));
	if (status == 304 || status == 204)
		buffer_text(&connection->out, "\r\n");
	else
		body_send(connection, request, &body);
	request_log(request, status);
	buffer_release(&body);
	buffer_release(&headers);
}

static void answer(struct connection *connection, const struct request *request)
{
	const char *fault = request->fault;

	connection->busy = true;
	connection->due = now() + fault_number(fault, "delay", 0);
	connection->drip = fault_has(fault, "drip") ? fault_number(fault, "drip", 1000) : 0;
	connection->resetting = fault_has(fault, "reset");
	connection->hanging = fault_has(fault, "hang");
	connection->closing = request->close || fault_has(fault, "truncated") ||
			      fault_has(fault, "close") || fault_has(fault, "gzip-bomb") ||
			      connection->resetting;
	if (connection->hanging || fault_has(fault, "close")) {
		request_log(request, 0);
	} else if (fault_has(fault, "endless-headers")) {
		request_log(request, 200);
		buffer_text(&connection->out, "HTTP/1.1 200 OK\r\n");
		repeat(connection, "X-More: and more\r\n");
	} else if (fault_has(fault, "endless-header-line")) {
		request_log(request, 200);
		buffer_text(&connection->out, "HTTP/1.1 200 OK\r\nX-Long: ");
		repeat(connection, "on and on ");
	} else {
		answer_write(connection, request);
	}
}

/* Connections */

static void connection_close(struct connection *connection)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	if (connection->resetting)
		setsockopt(connection->descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	else if (connection->tls != NULL)
		SSL_shutdown(connection->tls);
	SSL_free(connection->tls);
	close(connection->descriptor);
	buffer_release(&connection->in);
	buffer_release(&connection->out);
	buffer_release(&connection->repeated);
	*connection = server.connections[--server.count];
}

/* As read(2) and write(2): -1 with EAGAIN where it has to wait. */
static ssize_t tls_result(struct connection *connection, int result)
{
	int reason = SSL_get_error(connection->tls, result);

	if (result > 0)
		return result;
	connection->wants_write = reason == SSL_ERROR_WANT_WRITE;
	errno = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
	ERR_clear_error();
	return reason == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t connection_receive(struct connection *connection, char *bytes, size_t length)
{
	if (connection->tls != NULL)
		return tls_result(connection, SSL_read(connection->tls, bytes, (int)length));
	return recv(connection->descriptor, bytes, length, 0);
}

static ssize_t connection_transmit(struct connection *connection, const char *bytes, size_t length)
{
	if (connection->tls != NULL)
		return tls_result(connection, SSL_write(connection->tls, bytes, (int)length));
	return send(connection->descriptor, bytes, length, MSG_NOSIGNAL);
}

/* Answers the next request that is whole. */
static void connection_serve(struct connection *connection)
{
	struct request request = {0};
	size_t whole = 0, rest;

	if (connection->busy || !request_parse(&connection->in, &request, &whole))
		return;
	if (is_post(&request))
		post_keep(&connection->in, whole);
	answer(connection, &request);
	request_release(&request);
	rest = connection->in.length - whole;
	memmove(connection->in.data, connection->in.data + whole, rest + 1);
	connection->in.length = rest;
}

/* Returns false where the connection is to be closed. */
static bool connection_read(struct connection *connection)
{
	char bytes[BLOCK];
	ssize_t length;

	while ((length = connection_receive(connection, bytes, sizeof bytes)) > 0)
		if (!buffer_add(&connection->in, bytes, (size_t)length))
			return false;
	if (length == 0 || errno != EAGAIN)
		return false;
	connection_serve(connection);
	return true;
}

/* The answer is out: ready for the next request. */
static bool connection_finish(struct connection *connection)
{
	if (connection->closing)
		return false;
	buffer_clear(&connection->out);
	buffer_clear(&connection->repeated);
	connection->sent = 0;
	connection->busy = false;
	connection_serve(connection);
	return true;
}

static bool connection_refill(struct connection *connection)
{
	if (connection->repeats == 0)
		return false;
	buffer_clear(&connection->out);
	connection->sent = 0;
	for (; connection->repeats > 0 && connection->out.length < BLOCK; connection->repeats--)
		buffer_add(
			&connection->out, connection->repeated.data, connection->repeated.length);
	return true;
}

static bool connection_write(struct connection *connection)
{
	while (connection->busy && !connection->hanging && now() >= connection->due) {
		size_t left = connection->out.length - connection->sent;
		ssize_t length;

		if (left == 0 && !connection_refill(connection))
			return connection_finish(connection);
		left = connection->out.length - connection->sent;
		length = connection_transmit(connection, connection->out.data + connection->sent,
			connection->drip > 0 ? 1 : left);
		if (length < 0)
			return errno == EAGAIN;
		connection->sent += (size_t)length;
		connection->due = now() + connection->drip;
	}
	return true;
}

static void connection_accept(void)
{
	int descriptor = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *connection = &server.connections[server.count];

	if (descriptor < 0)
		return;
	*connection = (struct connection){.descriptor = descriptor, .in = {.maximum = REQUEST_MAX}};
	if (server.tls != NULL) {
		connection->tls = SSL_new(server.tls);
		SSL_set_fd(connection->tls, descriptor);
		SSL_set_accept_state(connection->tls);
	}
	server.count++;
}

/* Milliseconds until something is due; -1: nothing is. */
static int next_due(void)
{
	int64_t time = now(), soonest = -1;

	for (size_t i = 0; i < server.count; i++) {
		const struct connection *connection = &server.connections[i];
		int64_t wait = connection->due - time;

		if (connection->busy && !connection->hanging && wait > 0 &&
			(soonest < 0 || wait < soonest))
			soonest = wait;
	}
	return (int)soonest;
}

static short events_of(const struct connection *connection)
{
	bool writing = connection->wants_write ||
		       (connection->busy && !connection->hanging && now() >= connection->due);

	return (short)(POLLIN | (writing ? POLLOUT : 0));
}

static void serve(void)
{
	struct pollfd *polled = memory_zero(CONNECTIONS_MAX + 1, sizeof *polled);

	for (;;) {
		size_t count = server.count;

		for (size_t i = 0; i < count; i++)
			polled[i] = (struct pollfd){.fd = server.connections[i].descriptor,
				.events = events_of(&server.connections[i])};
		polled[count] = (struct pollfd){
			.fd = count < CONNECTIONS_MAX ? server.listener : -1, .events = POLLIN};
		if (poll(polled, count + 1, next_due()) < 0 && errno != EINTR)
			fail("poll");
		/* Backwards, for the last one takes the place of one that is closed. */
		for (size_t i = count; i-- > 0;) {
			struct connection *connection = &server.connections[i];

			if (((polled[i].revents & ~POLLOUT) != 0 && !connection_read(connection)) ||
				!connection_write(connection))
				connection_close(connection);
		}
		if ((polled[count].revents & POLLIN) != 0)
			connection_accept();
	}
}

/* Start */

static X509 *certificate_make(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
		"DNS:localhost,DNS:*.test.localhost,IP:127.0.0.1");

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)getpid());
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 7 * 24 * 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_add_ext(certificate, names, -1);
	X509_EXTENSION_free(names);
	X509_sign(certificate, key, EVP_sha256());
	return certificate;
}

static void tls_start(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certificate_make(key);
	FILE *file = fopen(server.tls_file, "w");

	server.tls = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_mode(
		server.tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (SSL_CTX_use_certificate(server.tls, certificate) != 1 ||
		SSL_CTX_use_PrivateKey(server.tls, key) != 1 || file == NULL ||
		PEM_write_X509(file, certificate) != 1 || fclose(file) != 0)
		fail(server.tls_file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void listen_start(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)server.port)};
	socklen_t length = sizeof address;
	struct error error;
	char number[16];
	int on = 1;

	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (inet_pton(AF_INET, server.address, &address.sin_addr) != 1 ||
		bind(server.listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
		listen(server.listener, 1024) != 0 ||
		getsockname(server.listener, (struct sockaddr *)&address, &length) != 0)
		fail(server.address);
	snprintf(number, sizeof number, "%u\n", ntohs(address.sin_port));
	if (server.port_file != NULL &&
		!file_write(server.port_file, number, strlen(number), 0644, &error))
		fail(error.text);
}

static void options_read(int argc, char **argv)
{
	static const struct option options[] = {
		{"port-file", required_argument, NULL, 'f'},
		{"port", required_argument, NULL, 'p'},
		{"address", required_argument, NULL, 'a'},
		{"root", required_argument, NULL, 'r'},
		{"log", required_argument, NULL, 'l'},
		{"posts", required_argument, NULL, 'o'},
		{"tls", required_argument, NULL, 't'},
		{"lifetime", required_argument, NULL, 's'},
		{0},
	};
	const struct {
		int option;
		const char **value;
	} texts[] = {
		{'f', &server.port_file},
		{'a', &server.address},
		{'r', &server.root},
		{'l', &server.log},
		{'o', &server.posts},
		{'t', &server.tls_file},
	};

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == '?')
			exit(2);
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
			if (texts[i].option == option)
				*texts[i].value = optarg;
		if (option == 'p')
			server.port = atoi(optarg);
		if (option == 's')
			server.lifetime = atoi(optarg);
	}
}

int main(int argc, char **argv)
{
	options_read(argc, argv);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	alarm((unsigned)server.lifetime);
	server.connections = memory_zero(CONNECTIONS_MAX, sizeof *server.connections);
	if (server.tls_file != NULL)
		tls_start();
	listen_start();
	serve();
}
