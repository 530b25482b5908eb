/* SPDX-License-Identifier: ISC */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/user.h"

enum {
	LOOK_MILLISECONDS = 10,       /* between two checks of its time */
	GUARD_ROUNDS = 500,           /* in which a guard ends what its fork has left */
	GUARD_PAUSE_MILLISECONDS = 2, /* between them */
	GUARD_LATE_SECONDS = 5,       /* until its parent has found it late */
	FORK_SECONDS = 10,            /* that a fork server may take; it does nothing else */
};

/* ---- in the child ---- */

void child_limit_time(int milliseconds)
{
	struct itimerval timer = {.it_value = {.tv_sec = milliseconds / 1000,
					  .tv_usec = milliseconds % 1000 * 1000L}};

	setitimer(ITIMER_PROF, &timer, NULL);
}

/* Limits data, not addresses: a sanitizer reserves terabytes of those. What this process has
 * already mapped, or inherited, also counts. */
static void limit_memory(size_t bytes)
{
	unsigned long data = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	rlim_t most;

	if (file != NULL) {
		if (fscanf(file, "%*u %*u %*u %*u %*u %lu", &data) != 1)
			data = 0;
		fclose(file);
	}
	most = (rlim_t)data * (rlim_t)sysconf(_SC_PAGESIZE) + bytes;
	setrlimit(RLIMIT_DATA, &(struct rlimit){most, most});
}

static void close_between(int first, int last)
{
	if (first <= STDERR_FILENO)
		first = STDERR_FILENO + 1;
	if (first > last || syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) == 0)
		return;
	/* Linux before 5.9, or a container that forbids it. */
	for (long most = sysconf(_SC_OPEN_MAX); first <= last && first < most; first++)
		close(first);
}

static int by_number(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

static void become(
	const struct child_role *role, pid_t parent, int in, int out, struct confine_report *report)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGALRM, SIGPROF};
	int kept[] = {role->keeps, in, out}, next = 0;

	qsort(kept, sizeof kept / sizeof kept[0], sizeof kept[0], by_number);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		close_between(next, kept[i] - 1);
		next = kept[i] + 1;
	}
	close_between(next, INT_MAX);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		signal(signals[i], SIG_DFL);
	if (role->detached)
		setsid();
	else
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!role->detached && getppid() != parent)
		_exit(0); /* the parent ended before prctl() took effect */
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	if (role->file_length > 0)
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){role->file_length, role->file_length});
	if (role->seconds > 0)
		child_limit_time(role->seconds * 1000);
	if (role->memory > 0) {
		limit_memory(role->memory);
		error_silence(); /* its parent reports how it ended */
	}
	if (report != NULL)
		confine_report_to(report);
}

/* ---- a child that answers for what it starts ---- */

/* Ends our own children; those of theirs become ours. False: there was none. */
static bool kill_own(void)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	int process;
	pid_t ended;

	while (list != NULL && fscanf(list, "%d", &process) == 1)
		kill(process, SIGKILL);
	if (list != NULL)
		fclose(list);
	while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
		;
	return ended == 0 || errno != ECHILD;
}

/* Where the kernel has no such list, its session at least. */
static void kill_all(pid_t session)
{
	static const struct timespec pause = {.tv_nsec = GUARD_PAUSE_MILLISECONDS * 1000000L};

	kill(-session, SIGKILL);
	for (int i = 0; i < GUARD_ROUNDS && kill_own(); i++)
		nanosleep(&pause, NULL);
}

enum guard_end { GUARD_ENDED, GUARD_STOPPED, GUARD_LATE };

/* Others that end meanwhile are reaped, and it is not: its session's number is still its own. */
static enum guard_end await_end(
	pid_t process, const sigset_t *signals, int milliseconds, siginfo_t *ended)
{
	int64_t deadline = clock_milliseconds() + milliseconds, left = milliseconds;

	while (left > 0) {
		const struct timespec time = {left / 1000, left % 1000 * 1000000L};

		if (sigtimedwait(signals, NULL, &time) == SIGTERM)
			return GUARD_STOPPED;
		while (ended->si_pid = 0,
			waitid(P_ALL, 0, ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
				ended->si_pid != 0) {
			if (ended->si_pid == process)
				return GUARD_ENDED;
			waitpid(ended->si_pid, NULL, 0);
		}
		left = deadline - clock_milliseconds();
	}
	return GUARD_LATE;
}

static _Noreturn void guard(pid_t process, const sigset_t *signals, int milliseconds)
{
	siginfo_t ended = {0};
	enum guard_end end = await_end(process, signals, milliseconds, &ended);

	kill_all(process);
	if (end == GUARD_LATE)
		sleep(GUARD_LATE_SECONDS);
	if (end == GUARD_ENDED && ended.si_code != CLD_EXITED) {
		sigprocmask(SIG_UNBLOCK, signals, NULL);
		signal(ended.si_status, SIG_DFL);
		raise(ended.si_status);
	}
	_exit(end == GUARD_ENDED ? ended.si_status : 0);
}

void child_guard(int milliseconds)
{
	sigset_t signals, before;
	pid_t process;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, &before);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	process = fork();
	if (process > 0) {
		close_between(0, INT_MAX); /* who reads and writes there is the fork alone */
		guard(process, &signals, milliseconds);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (process == 0)
		setsid();
}

/* ---- in the parent ---- */

/* file: less than 0: only what is forked from here shares it. */
static struct confine_report *report_map(int file)
{
	void *memory = mmap(NULL, sizeof(struct confine_report), PROT_READ | PROT_WRITE,
		file < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, file, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

/* Where a child reads and writes (to[0], from[1]), and its parent (to[1], from[0]). */
static bool connect_ends(bool socket, int to[2], int from[2])
{
	if (!socket)
		return pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to) != 0)
		return false;
	from[0] = fcntl(to[1], F_DUPFD_CLOEXEC, 0);
	from[1] = fcntl(to[0], F_DUPFD_CLOEXEC, 0);
	return from[0] >= 0 && from[1] >= 0;
}

/* The parent's side of a child that was forked, or was not (process < 0, with errno). */
static bool begin(struct child *child, const struct child_role *role, pid_t process, int to[2],
	int from[2], struct confine_report *report)
{
	int reason = errno;

	close(to[0]);
	close(from[1]);
	*child = (struct child){role, process, to[1], from[0], 0, report};
	if (process < 0) {
		child_leave(child);
		errno = reason;
		return false;
	}
	fcntl(child->from, F_SETFL, O_NONBLOCK);
	child_renew(child, role->milliseconds);
	return true;
}

bool child_start(
	struct child *child, const struct child_role *role, child_work *work, const void *context)
{
	int to[2] = {-1, -1}, from[2] = {-1, -1};
	pid_t parent = getpid(), process = -1;
	struct confine_report *report = report_map(-1);

	signal(SIGCHLD, SIG_DFL); /* if inherited as ignored, no exit status would be kept */
	if (connect_ends(role->socket, to, from))
		process = fork();
	if (process == 0) {
		become(role, parent, to[0], from[1], report);
		work(context, to[0], from[1]);
		_exit(0);
	}
	return begin(child, role, process, to, from, report);
}

/* ---- the fork server ---- */

/* Comes with descriptors: what the child reads from, what it writes to, the memory of its report,
 * and perhaps its standard input. The server is a fork: an address means the same there. */
struct fork_request {
	const struct child_role *role;
	child_work *work;
	size_t given;   /* bytes of its context, which it reads first */
	int64_t parent; /* a pid_t; so wide that no gap is left, which would cross unset */
	uid_t user;
	gid_t group;
};

enum { REQUEST_DESCRIPTORS = DESCRIPTORS_MAX };

/* Of descriptors that were lost on the way, none arrives. */
static bool request_receive(int in, struct fork_request *request,
	int descriptors[static DESCRIPTORS_MAX], size_t *count)
{
	return descriptors_receive(in, 0, request, sizeof *request, descriptors, count) ==
		       (ssize_t)sizeof *request &&
	       *count >= REQUEST_DESCRIPTORS - 1;
}

/* What its parent gives it, before all else that it says; ends with that. */
static void *take_given(int in, size_t length)
{
	char *given = length > 0 ? memory_new(length) : NULL;
	ssize_t got;

	for (size_t at = 0; at < length; at += (size_t)got) {
		got = read(in, given + at, length - at);
		if (got <= 0)
			_exit(1);
	}
	return given;
}

/* CLONE_PARENT: the child's parent is the server's. */
static pid_t fork_beside(const struct fork_request *request,
	const int descriptors[static REQUEST_DESCRIPTORS], size_t count)
{
	pid_t process = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (process == 0) {
		if (count == REQUEST_DESCRIPTORS)
			dup2(descriptors[REQUEST_DESCRIPTORS - 1], STDIN_FILENO);
		become(request->role, (pid_t)request->parent, descriptors[0], descriptors[1],
			report_map(descriptors[2]));
		request->work(
			take_given(descriptors[0], request->given), descriptors[0], descriptors[1]);
		_exit(0);
	}
	return process;
}

static void serve_forks(const void *context, int in, int out)
{
	struct fork_request request = {0};
	int descriptors[REQUEST_DESCRIPTORS];
	size_t count;

	(void)context;
	while (request_receive(in, &request, descriptors, &count)) {
		struct error error;
		pid_t process = -EPERM;

		if (geteuid() == request.user || user_become(request.user, request.group, &error))
			process = fork_beside(&request, descriptors, count);
		if (process == -1)
			process = -errno;
		for (size_t i = 0; i < count; i++)
			close(descriptors[i]);
		if (write(out, &process, sizeof process) != (ssize_t)sizeof process)
			break;
	}
}

void fork_server_start(struct fork_server *server)
{
	static const struct child_role role = {.socket = true};
	const struct timeval patience = {.tv_sec = FORK_SECONDS};
	int from;

	*server = (struct fork_server){0};
	if (!child_start(&server->child, &role, serve_forks, NULL)) {
		server->lack = errno;
		return;
	}
	from = server->child.from;
	if (fcntl(from, F_SETFL, 0) != 0 ||
		setsockopt(from, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
		server->lack = errno;
}

void fork_server_stop(struct fork_server *server)
{
	if (server->child.process > 0)
		shutdown(server->child.to, SHUT_RDWR); /* it may be another user's by now */
	child_stop(&server->child);
	server->lack = ESRCH;
}

/* The process that the server has forked; less than 0 with errno. One that does not answer is of no
 * use any more: its answer may still come. */
static pid_t answer_receive(struct fork_server *server)
{
	pid_t process = -1;
	ssize_t got;

	while ((got = read(server->child.from, &process, sizeof process)) < 0 && errno == EINTR)
		;
	if (got != (ssize_t)sizeof process) {
		fork_server_stop(server);
		process = -ESRCH;
	}
	if (process < 0)
		errno = -process;
	return process < 0 ? -1 : process;
}

static bool request_fork(struct fork_server *server, struct child *child,
	const struct fork_request *request, int input)
{
	int to[2] = {-1, -1}, from[2] = {-1, -1}, file = -1;
	struct confine_report *report = NULL;
	pid_t process = -1;

	errno = server->lack;
	if (server->lack == 0 && connect_ends(request->role->socket, to, from))
		file = memfd_create("report", MFD_CLOEXEC);
	if (file >= 0 && ftruncate(file, sizeof *report) == 0)
		report = report_map(file);
	if (report != NULL && descriptors_send(server->child.to, request, sizeof *request,
				      (const int[]){to[0], from[1], file, input},
				      input >= 0 ? REQUEST_DESCRIPTORS : REQUEST_DESCRIPTORS - 1))
		process = answer_receive(server);
	if (file >= 0)
		close(file);
	return begin(child, request->role, process, to, from, report);
}

bool fork_server_fork(struct fork_server *server, struct child *child,
	const struct child_role *role, child_work *work, int input)
{
	return request_fork(server, child,
		&(struct fork_request){role, work, 0, getpid(), geteuid(), getegid()}, input);
}

bool fork_server_fork_given(struct fork_server *server, struct child *child,
	const struct child_role *role, child_work *work, const struct buffer *given)
{
	bool good = request_fork(server, child,
		&(struct fork_request){role, work, given->length, getpid(), geteuid(), getegid()},
		-1);

	if (good) /* one that takes less has ended, and is found so */
		(void)file_write_all(child->to, given->data, given->length);
	return good;
}

/* ---- in the parent: what becomes of a child ---- */

bool child_unavailable(struct error *error, int number)
{
	return system_error_lack(error, "no process can be made", number);
}

void child_renew(struct child *child, int milliseconds)
{
	child->deadline = milliseconds > 0 ? clock_milliseconds() + milliseconds : 0;
}

bool child_late(const struct child *child)
{
	return child->deadline != 0 && clock_milliseconds() >= child->deadline;
}

bool child_unrefused(const struct child *child, struct error *error)
{
	char text[CONFINE_TEXT_MAX];

	return child->report == NULL || !confine_report_text(child->report, text) ||
	       error_set(error, REMEDY_LOCAL, "%s", text);
}

bool child_ended(const struct child *child)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)child->process, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       info.si_pid == child->process;
}

static void kill_child(const struct child *child)
{
	if (child->role->detached)
		kill(-child->process, SIGKILL);
	kill(child->process, SIGKILL);
}

static int reap(struct child *child)
{
	int status = 0;

	while (waitpid(child->process, &status, 0) < 0 && errno == EINTR)
		;
	child_leave(child);
	return status;
}

void child_finish(struct child *child, struct child_end *end)
{
	struct pollfd over = {(int)syscall(SYS_pidfd_open, child->process, 0), POLLIN, 0};
	int seconds = child->role->milliseconds / 1000, status;
	bool late = false;

	while (!child_ended(child) && !(late = child_late(child)))
		poll(&over, 1, LOOK_MILLISECONDS);
	close(over.fd);
	if (late)
		kill_child(child);
	status = reap(child);
	if (late)
		*end = (struct child_end){CHILD_LATE, 0, ""};
	else if (WIFSIGNALED(status))
		*end = (struct child_end){CHILD_SIGNALLED, WTERMSIG(status), ""};
	else
		*end = (struct child_end){CHILD_EXITED, WEXITSTATUS(status), ""};
	snprintf(end->reason, sizeof end->reason,
		late                           ? "did not end within %d s"
		: end->fate == CHILD_SIGNALLED ? "ended by signal %d"
					       : "exit status %d",
		late ? seconds : end->code);
}

void child_stop(struct child *child)
{
	if (child->process <= 0)
		return;
	kill_child(child);
	reap(child);
}

void child_leave(struct child *child)
{
	close(child->to);
	close(child->from);
	if (child->report != NULL)
		munmap(child->report, sizeof *child->report);
	*child = (struct child){0};
}
