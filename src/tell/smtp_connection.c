/* SPDX-License-Identifier: ISC */
#include "tell/smtp_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tell/write_watch.h"

enum { DESCRIPTORS_SEARCHED = 64 };

/* The socket, for the signal handler; -1 while there is none. */
static volatile sig_atomic_t connection = -1;

static struct {
	int lowest;                   /* the first descriptor that was free before it */
	int64_t deadline;             /* milliseconds of the monotonic clock */
	struct sigaction pipe, alarm; /* as they were */
} guard;

void smtp_connection_end(void)
{
	write_watch_end();
	if (connection >= 0)
		shutdown(connection, SHUT_RDWR);
}

/* While connecting, the signal alone is enough: connect() ends with EINTR. */
static void time_is_up(int number)
{
	int kept = errno;

	(void)number;
	smtp_connection_end();
	errno = kept;
}

void smtp_connection_guard(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, expire = {.sa_handler = time_is_up};
	int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);

	guard.lowest = descriptor >= 0 ? descriptor : 0;
	if (descriptor >= 0)
		close(descriptor);
	sigaction(SIGPIPE, &ignore, &guard.pipe);
	sigaction(SIGALRM, &expire, &guard.alarm);
}

void smtp_connection_unguard(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	smtp_connection_closed();
	sigaction(SIGALRM, &guard.alarm, NULL);
	sigaction(SIGPIPE, &guard.pipe, NULL);
}

void smtp_connection_set_deadline(int64_t milliseconds)
{
	guard.deadline = clock_milliseconds() + milliseconds;
}

bool smtp_connection_late(void)
{
	return clock_milliseconds() >= guard.deadline;
}

/* Repeats, so that it also ends what begins after the first signal. */
void smtp_connection_wait(int64_t milliseconds)
{
	int64_t left = guard.deadline - clock_milliseconds();
	struct timeval pause;

	if (milliseconds > left)
		milliseconds = left;
	if (milliseconds < 1)
		milliseconds = 1;
	pause = (struct timeval){milliseconds / 1000, milliseconds % 1000 * 1000};
	setitimer(ITIMER_REAL, &(struct itimerval){pause, pause}, NULL);
}

/*
 * Descriptors are given out lowest first, so it is the first at or above what was free before that
 * has a peer.
 */
static int find_connection(int lowest)
{
	for (int descriptor = lowest; descriptor < lowest + DESCRIPTORS_SEARCHED; descriptor++) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof peer;

		if (getpeername(descriptor, (struct sockaddr *)&peer, &length) == 0 &&
			(peer.ss_family == AF_INET || peer.ss_family == AF_INET6))
			return descriptor;
	}
	return -1;
}

/*
 * libesmtp writes a mail in small pieces, the last of which would wait for the peer's
 * acknowledgement of those before, which comes 40 ms later: they are sent at once.
 */
void smtp_connection_begin(void)
{
	int yes = 1;

	connection = find_connection(guard.lowest);
	if (connection >= 0)
		setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	write_watch_begin(connection);
}

void smtp_connection_known(int socket)
{
	if (connection < 0)
		connection = socket;
}

void smtp_connection_closed(void)
{
	write_watch_end();
	connection = -1;
}

bool smtp_connection_broken(void)
{
	struct pollfd look = {.fd = connection, .events = POLLOUT};

	return connection >= 0 && poll(&look, 1, 0) > 0 &&
	       (look.revents & (POLLERR | POLLHUP)) != 0;
}

/*
 * It also writes a mail in pieces of 2,048 bytes: held together they are one packet, which wakes
 * the other side once.
 */
void smtp_connection_cork(bool held)
{
#ifdef TCP_CORK
	int value = held;

	if (connection >= 0)
		setsockopt(connection, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
#else
	(void)held;
#endif
}
