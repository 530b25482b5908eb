/* SPDX-License-Identifier: ISC */
#include "net/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

/* A connection and when it must have gone on. */
struct visit {
	int socket;
	int64_t due; /* milliseconds, by the monotonic clock */
	struct visit *previous, *next;
};

struct http_server {
	struct MHD_Daemon *daemon;
	struct http_server_settings settings;
	pthread_mutex_t lock; /* of visits: the daemon's thread and http_server_expire() */
	struct visit *visits;
};

/* A request on its way in. */
struct request {
	char *search;
	struct buffer body;
	bool begun; /* its headers were there */
};

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

void http_answer_header(struct http_answer *answer, const char *name, const char *format, ...)
{
	struct http_answer_header *header = &answer->headers[answer->count];
	va_list arguments;
	int length;

	if (answer->count == HTTP_ANSWER_HEADERS_MAX)
		return;
	va_start(arguments, format);
	length = vsnprintf(header->value, sizeof header->value, format, arguments);
	va_end(arguments);
	header->name = name;
	answer->count += length >= 0 && (size_t)length < sizeof header->value;
}

static void visit_begin(struct http_server *server, struct visit *visit, int socket)
{
	visit->socket = socket;
	visit->due = clock_milliseconds() + HTTP_SERVER_REQUEST_SECONDS * 1000LL;
	visit->next = server->visits;
	if (visit->next != NULL)
		visit->next->previous = visit;
	server->visits = visit;
}

static void visit_end(struct http_server *server, struct visit *visit)
{
	if (visit->previous != NULL)
		visit->previous->next = visit->next;
	else
		server->visits = visit->next;
	if (visit->next != NULL)
		visit->next->previous = visit->previous;
}

static void visit_due(struct http_server *server, struct visit *visit, int64_t seconds)
{
	pthread_mutex_lock(&server->lock);
	visit->due = clock_milliseconds() + seconds * 1000;
	pthread_mutex_unlock(&server->lock);
}

/* Called before the socket is closed: http_server_expire() never meets another one of its number.
 */
static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = context;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct visit *visit = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = visit = memory_zero(1, sizeof *visit);
	pthread_mutex_lock(&server->lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		visit_begin(server, visit, info->connect_fd);
	else
		visit_end(server, visit);
	pthread_mutex_unlock(&server->lock);
	if (code != MHD_CONNECTION_NOTIFY_STARTED)
		free(visit);
}

static struct visit *visit_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

/* Before anything else of it is known. */
static void *on_address(void *context, const char *address, struct MHD_Connection *connection)
{
	struct request *request = memory_zero(1, sizeof *request);
	const char *search = strchr(address, '?');

	(void)context;
	(void)connection;
	request->search = memory_string(search != NULL ? search + 1 : "");
	request->body.maximum = HTTP_SERVER_BODY_MAX;
	return request;
}

/* The next request may begin. */
static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
	enum MHD_RequestTerminationCode code)
{
	struct request *request = *request_context;

	(void)code;
	if (request != NULL) {
		free(request->search);
		buffer_release(&request->body);
		free(request);
	}
	*request_context = NULL;
	visit_due(context, visit_of(connection), HTTP_SERVER_REQUEST_SECONDS);
}

void http_server_expire(struct http_server *server)
{
	int64_t now = clock_milliseconds();

	pthread_mutex_lock(&server->lock);
	for (struct visit *visit = server->visits; visit != NULL; visit = visit->next)
		if (visit->due <= now)
			shutdown(visit->socket, SHUT_RDWR); /* the daemon sees its end */
	pthread_mutex_unlock(&server->lock);
}

static const char *query_header(const struct http_query *query, const char *name)
{
	return MHD_lookup_connection_value(query->connection, MHD_HEADER_KIND, name);
}

struct gathering {
	const char *name;
	struct text_list *values;
};

static enum MHD_Result gather(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	const struct gathering *gathering = context;

	(void)kind;
	if (value != NULL && strcasecmp(name, gathering->name) == 0)
		text_list_add(gathering->values, value);
	return MHD_YES;
}

static void query_headers(
	const struct http_query *query, const char *name, struct text_list *values)
{
	MHD_get_connection_values(
		query->connection, MHD_HEADER_KIND, gather, &(struct gathering){name, values});
}

static const char *peer_of(struct MHD_Connection *connection, char out[static HTTP_SERVER_PEER_MAX])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const union address *address = info != NULL ? (const void *)info->client_addr : NULL;

	if (address == NULL ||
		inet_ntop(address->any.sa_family,
			address->any.sa_family == AF_INET6 ? (const void *)&address->six.sin6_addr
							   : &address->four.sin_addr,
			out, HTTP_SERVER_PEER_MAX) == NULL)
		out[0] = '\0';
	return out;
}

static void refuse(struct http_answer *answer, int status, const char *text)
{
	answer->status = status;
	answer->text = text;
}

static size_t count_headers(const struct http_query *query, const char *name)
{
	struct text_list values = {0};
	size_t count;

	query_headers(query, name, &values);
	count = values.count;
	text_list_release(&values);
	return count;
}

/* What a proxy in front may take for another request than we do, and so hide a second one in its
 * body (RFC 9112 sections 3.2, 6.1 and 6.3). */
static bool is_ambiguous(const struct http_query *query)
{
	size_t lengths = count_headers(query, MHD_HTTP_HEADER_CONTENT_LENGTH),
	       codings = count_headers(query, MHD_HTTP_HEADER_TRANSFER_ENCODING);

	return lengths + codings > 1 || count_headers(query, MHD_HTTP_HEADER_HOST) > 1;
}

/* What is refused as soon as the headers are there, which ends the connection: nobody waits for a
 * body that is not wanted. */
static bool is_refused(const struct http_server *server, const struct http_query *query,
	const char *method, struct http_answer *answer)
{
	const struct http_server_settings *settings = &server->settings;
	bool takes = settings->takes != NULL && settings->takes(settings->context, query->path);
	const char *length = query->header(query, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (is_ambiguous(query)) {
		http_answer_header(answer, MHD_HTTP_HEADER_CONNECTION, "close");
		refuse(answer, MHD_HTTP_BAD_REQUEST, "two lengths, or two hosts\n");
		return true;
	}
	if (text_equal(method, MHD_HTTP_METHOD_GET) || text_equal(method, MHD_HTTP_METHOD_HEAD))
		return false;
	if (!takes || !text_equal(method, MHD_HTTP_METHOD_POST)) {
		http_answer_header(answer, "Allow", takes ? "GET, HEAD, POST" : "GET, HEAD");
		refuse(answer, MHD_HTTP_METHOD_NOT_ALLOWED,
			takes ? "only GET, HEAD and POST\n" : "only GET and HEAD\n");
		return true;
	}
	if (length != NULL && strtoull(length, NULL, 10) > HTTP_SERVER_BODY_MAX) {
		refuse(answer, MHD_HTTP_CONTENT_TOO_LARGE, "that is too long\n");
		return true;
	}
	return false;
}

static struct MHD_Response *response_of(const struct http_answer *answer)
{
	if (answer->file >= 0)
		return MHD_create_response_from_fd_at_offset64(
			answer->length, answer->file, answer->offset);
	if (answer->made != NULL)
		return MHD_create_response_from_buffer(
			strlen(answer->made), answer->made, MHD_RESPMEM_MUST_FREE);
	return MHD_create_response_from_buffer(
		strlen(answer->text), (void *)(uintptr_t)answer->text, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_answer(
	struct MHD_Connection *connection, const struct http_answer *answer)
{
	struct MHD_Response *response = response_of(answer);
	enum MHD_Result result;

	if (response == NULL) {
		if (answer->file >= 0)
			close(answer->file);
		free(answer->made);
		return MHD_NO;
	}
	for (size_t i = 0; i < answer->count; i++)
		MHD_add_response_header(
			response, answer->headers[i].name, answer->headers[i].value);
	result = MHD_queue_response(connection, (unsigned)answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* Is called when the headers are there, for each piece of a body, and at the end. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **request_context)
{
	struct http_server *server = context;
	struct request *request = *request_context;
	bool post = text_equal(method, MHD_HTTP_METHOD_POST), begins = !request->begun;
	char peer[HTTP_SERVER_PEER_MAX];
	struct http_query query = {.path = url,
		.header = query_header,
		.connection = connection,
		.headers = query_headers,
		.search = request->search};
	struct http_answer answer = {.file = -1};

	(void)version;
	request->begun = true;
	if (begins && is_refused(server, &query, method, &answer))
		return send_answer(connection, &answer);
	if (begins)
		return MHD_YES; /* an answer now would end the connection */
	if (*upload_size > 0) {
		bool fits = post && buffer_add(&request->body, upload, *upload_size);

		*upload_size = 0;
		return fits || !post ? MHD_YES : MHD_NO;
	}
	visit_due(server, visit_of(connection), HTTP_SERVER_ANSWER_SECONDS);
	query.body = post ? buffer_string(&request->body) : NULL;
	query.peer = peer_of(connection, peer);
	server->settings.answer(server->settings.context, &query, &answer);
	return send_answer(connection, &answer);
}

/* "127.0.0.1:8014" or "[::1]:8014". A name is not accepted, because its address may change. */
static bool parse_address(const char *listen, union address *address)
{
	const char *colon = strrchr(listen, ':');
	char *host, *end;
	bool six = listen[0] == '[', good;
	long port;

	if (colon == NULL || colon == listen || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtol(colon + 1, &end, 10);
	if (*end != '\0' || port > 65535 || (six && colon[-1] != ']'))
		return false;
	host = memory_bytes(listen + six, (size_t)(colon - listen) - 2 * six);
	*address = (union address){0};
	if (six) {
		address->six.sin6_family = AF_INET6;
		address->six.sin6_port = htons((uint16_t)port);
		good = inet_pton(AF_INET6, host, &address->six.sin6_addr) == 1;
	} else {
		address->four.sin_family = AF_INET;
		address->four.sin_port = htons((uint16_t)port);
		good = inet_pton(AF_INET, host, &address->four.sin_addr) == 1;
	}
	free(host);
	return good;
}

int http_server_listen(const char *listen_on, struct error *error)
{
	static const int yes = 1;
	union address address;
	socklen_t length;
	int listener;

	if (!parse_address(listen_on, &address)) {
		error_set(error, REMEDY_CONFIGURATION,
			"\"%s\" is not an address to listen on, such as 127.0.0.1:8014 or "
			"[::1]:8014",
			listen_on);
		return -1;
	}
	length = address.any.sa_family == AF_INET6 ? sizeof address.six : sizeof address.four;
	listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener >= 0 &&
		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
		(address.any.sa_family != AF_INET6 ||
			setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0) &&
		bind(listener, &address.any, length) == 0 && listen(listener, SOMAXCONN) == 0)
		return listener;
	error_set(error, REMEDY_LOCAL, "%s: cannot listen there: %s", listen_on, strerror(errno));
	if (listener >= 0)
		close(listener);
	return -1;
}

struct http_server *http_server_start(
	const struct http_server_settings *settings, int socket, struct error *error)
{
	struct http_server *server = memory_zero(1, sizeof *server);

	server->settings = *settings;
	pthread_mutex_init(&server->lock, NULL);
	server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL,
		NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)HTTP_SERVER_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)HTTP_SERVER_ADDRESS_MAX, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
		server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_URI_LOG_CALLBACK, on_address, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_SERVER_MEMORY, MHD_OPTION_END);
	if (server->daemon == NULL) {
		error_set(error, REMEDY_LOCAL, "the server cannot start: %s", strerror(errno));
		close(socket);
		free(server);
		return NULL;
	}
	return server;
}

int http_server_port(const struct http_server *server)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info != NULL ? info->port : 0;
}

void http_server_stop(struct http_server *server)
{
	if (server == NULL)
		return;
	MHD_stop_daemon(server->daemon);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
