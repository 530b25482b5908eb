/* SPDX-License-Identifier: ISC */
#include "tell/write_watch.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* For the signal handler, too: only what runs between two looks changes it. */
static struct {
	volatile int socket;            /* -1: none is watched */
	volatile uint64_t begin, meant; /* of TCP's count: at the beginning; what it should be */
	volatile uint64_t doubted; /* what the count was when it first was too low; 0: it is not */
	volatile bool counts;      /* it has been seen to count */
	volatile bool lost;
	timer_t timer;
	pid_t owner; /* of the timer, which no process inherits */
} watch = {.socket = -1};

/* What TCP was given so far, or as much of it as was meant; 0 where it cannot be told (just now).
 */
static uint64_t given(void)
{
	struct tcp_info first = {0}, second = {0};
	socklen_t size = sizeof first;
	int queued = 0;

	if (getsockopt(watch.socket, IPPROTO_TCP, TCP_INFO, &first, &size) != 0 ||
		ioctl(watch.socket, SIOCOUTQ, &queued) != 0)
		return 0;
	if (first.tcpi_bytes_acked + (uint64_t)queued >= watch.meant)
		return first.tcpi_bytes_acked + (uint64_t)queued;
	/* Too little: unless an acknowledgement came between the two. */
	size = sizeof second;
	if (getsockopt(watch.socket, IPPROTO_TCP, TCP_INFO, &second, &size) != 0 ||
		first.tcpi_bytes_acked != second.tcpi_bytes_acked)
		return 0;
	return second.tcpi_bytes_acked + (uint64_t)queued;
}

static void look_later(void)
{
	const struct itimerspec later = {.it_value.tv_nsec = WRITE_WATCH_MILLISECONDS * 1000000L};

	timer_settime(watch.timer, 0, &later, NULL);
}

/* No look is left over: a late one would interrupt whatever the process does next. */
static void stop_looking(void)
{
	watch.socket = -1;
	if (watch.owner == getpid())
		timer_settime(watch.timer, 0, &(struct itimerspec){0}, NULL);
}

/*
 * Who writes may stand right before the call, or wait because TCP takes no more: a write is lost
 * where TCP would take more and has got nothing since the look before.
 */
static void look(int number)
{
	int kept = errno;
	uint64_t count = watch.socket >= 0 ? given() : 0;
	struct pollfd room = {.fd = watch.socket, .events = POLLOUT};

	(void)number;
	if (count != 0 && count < watch.meant && poll(&room, 1, 0) == 1) {
		if (count == watch.doubted) {
			watch.lost = true;
			shutdown(watch.socket, SHUT_RDWR);
		} else {
			watch.doubted = count;
			look_later();
		}
	}
	errno = kept;
}

static bool make_timer(void)
{
	struct sigaction action = {.sa_handler = look, .sa_flags = SA_RESTART};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGIO};

	if (watch.owner == getpid())
		return true;
	if (sigaction(SIGIO, &action, NULL) != 0 ||
		timer_create(CLOCK_MONOTONIC, &event, &watch.timer) != 0)
		return false;
	watch.owner = getpid();
	return true;
}

void write_watch_begin(int socket)
{
	watch.lost = false;
	watch.counts = false;
	watch.doubted = watch.begin = watch.meant = 0;
	watch.socket = make_timer() ? socket : -1;
	watch.begin = watch.meant = watch.socket >= 0 ? given() : 0;
	if (watch.begin == 0)
		watch.socket = -1;
}

void write_watch_add(size_t bytes)
{
	if (watch.socket < 0)
		return;
	watch.doubted = 0;
	watch.meant += bytes;
	look_later();
}

void write_watch_resume(void)
{
	uint64_t count = watch.socket >= 0 ? given() : 0;

	if (count > watch.meant)
		watch.meant = count;
}

void write_watch_answered(void)
{
	if (watch.socket < 0 || watch.counts || watch.meant == watch.begin)
		return;
	watch.counts = given() != watch.begin;
	if (!watch.counts)
		write_watch_end();
}

bool write_watch_lost(size_t unwritten)
{
	uint64_t count = 0;

	for (int tries = 0; watch.socket >= 0 && count == 0 && tries < 10; tries++)
		count = given();
	if (count != 0 && count < watch.meant && watch.meant - count > unwritten)
		watch.lost = true;
	return watch.lost;
}

void write_watch_fail(void)
{
	watch.lost = true;
	stop_looking();
}

void write_watch_end(void)
{
	stop_looking();
}
