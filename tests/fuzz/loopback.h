/* SPDX-License-Identifier: ISC
 *
 * A server on loopback, in a thread of the target: whatever it is asked, the first connection gets
 * the first piece of the input, the next the second one and so on, each of them to its end; when
 * there are no more, nothing. Pieces are separated by a line "----".
 */
#ifndef LAMPWATCH_FUZZ_LOOPBACK_H
#define LAMPWATCH_FUZZ_LOOPBACK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "fuzz.h"

#define LOOPBACK_BREAK "\n----\n"

/* One that ran for the input before may still be at its last connection. */
struct loopback {
	pthread_mutex_t lock;
	int listener, port;
	const char *rest; /* what has not been sent yet; NULL: nothing */
	size_t left;
	struct buffer asked; /* all that was asked, one request after the other */
	size_t connections;
};

/* The next piece, and the rest without it. */
static inline size_t loopback_piece(struct loopback *server, const char **piece)
{
	const char *end = server->left > 0 ? memmem(server->rest, server->left, LOOPBACK_BREAK,
						     strlen(LOOPBACK_BREAK))
					   : NULL;
	size_t length = end != NULL ? (size_t)(end - server->rest) : server->left;
	size_t used = end != NULL ? length + strlen(LOOPBACK_BREAK) : length;

	*piece = server->rest;
	server->rest += used;
	server->left -= used;
	return length;
}

/* Until the head has its end and what it announces of a body is there, so that closing does not
 * reset the connection. */
static inline bool loopback_asked(const char *request, size_t length)
{
	const char *end = memmem(request, length, "\r\n\r\n", 4);
	const char *body = end != NULL ? strcasestr(request, "\r\nContent-Length:") : NULL;

	return end != NULL && length - (size_t)(end + 4 - request) >=
				      (body != NULL ? strtoul(body + 17, NULL, 10) : 0);
}

static inline void loopback_answer(struct loopback *server, int connection)
{
	struct buffer request = {0};
	char block[4096];
	const char *piece;
	size_t length;
	ssize_t got;

	while (!loopback_asked(buffer_string(&request), request.length) &&
		(got = read(connection, block, sizeof block)) > 0)
		buffer_add(&request, block, (size_t)got);
	pthread_mutex_lock(&server->lock);
	server->connections++;
	buffer_add(&server->asked, request.data, request.length);
	length = loopback_piece(server, &piece);
	while (length > 0 && (got = send(connection, piece, length, MSG_NOSIGNAL)) > 0) {
		piece += got;
		length -= (size_t)got;
	}
	close(connection);
	pthread_mutex_unlock(&server->lock);
	buffer_release(&request);
}

static inline void *loopback_run(void *context)
{
	struct loopback *server = context;
	int connection;

	while ((connection = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		loopback_answer(server, connection);
	return NULL;
}

/* Once in a process, which it goes on as long as. */
static inline void loopback_start(struct loopback *server)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	pthread_t thread;

	pthread_mutex_init(&server->lock, NULL);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(bind(server->listener, (struct sockaddr *)&address, length) == 0 &&
		listen(server->listener, SOMAXCONN) == 0 &&
		getsockname(server->listener, (struct sockaddr *)&address, &length) == 0);
	server->port = ntohs(address.sin_port);
	MUST(pthread_create(&thread, NULL, loopback_run, server) == 0);
	pthread_detach(thread);
}

/* From here on it says the bytes, which are borrowed until the next call. */
static inline void loopback_say(struct loopback *server, const char *bytes, size_t size)
{
	pthread_mutex_lock(&server->lock);
	server->rest = bytes;
	server->left = size;
	server->connections = 0;
	buffer_clear(&server->asked);
	pthread_mutex_unlock(&server->lock);
}

#endif
