/* SPDX-License-Identifier: ISC
 *
 * A program of the build, beside the others: which system calls each role may make, and what
 * libseccomp makes of that. Writes confine_filters.c (base/confine_filters.h).
 *
 * A process that made its filter itself would depend on libseccomp 2.5, which may crash, never end,
 * or give a filter that is cut short where memory runs out. Both programs are built for the same
 * system, for the numbers of calls differ.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/confine_filters.h"
#include "settings.h"

/* Groups of system calls. */
enum {
	CALLS_COMPUTE = 1 << 0, /* memory, clock, the descriptors that are there, the end */
	CALLS_READ = 1 << 1,    /* files to be read */
	CALLS_THREADS = 1 << 2,
	CALLS_CLIENT = 1 << 3, /* sockets of one's own making */
	CALLS_SERVER = 1 << 4, /* connections that come to a socket that is there */
	CALLS_TESTS = 1 << 5,  /* what base/step.h does */
	CALLS_STORE = 1 << 6,  /* files to be written, by SQLite and base/file.h */
	CALLS_PARENT = 1 << 7, /* children, who confine themselves, and are ended */
	CALLS_SPOOL = 1 << 8,  /* new files, which appear whole (base/file.h) */
	CALLS_HAND = 1 << 9,   /* descriptors to another, over a socket that is there */
};

static const int roles_calls[CONFINE_ROLES] = {
	[CONFINE_READER] = CALLS_COMPUTE | CALLS_READ,
	[CONFINE_FETCHER] = CALLS_COMPUTE | CALLS_READ | CALLS_THREADS | CALLS_CLIENT | CALLS_TESTS,
	[CONFINE_ATTEMPT] = CALLS_COMPUTE | CALLS_READ | CALLS_THREADS | CALLS_CLIENT | CALLS_TESTS,
	[CONFINE_COURIER] = CALLS_COMPUTE | CALLS_READ | CALLS_THREADS | CALLS_CLIENT |
			    CALLS_TESTS | CALLS_STORE | CALLS_PARENT,
	[CONFINE_SERVE] = CALLS_COMPUTE | CALLS_READ | CALLS_THREADS | CALLS_SERVER | CALLS_SPOOL,
	[CONFINE_OPENER] = CALLS_COMPUTE | CALLS_READ | CALLS_HAND,
	[CONFINE_VERIFY] = CALLS_COMPUTE | CALLS_READ | CALLS_STORE,
};

/* A system call by its name; those that this system does not have are stepped over. */
struct rule {
	int calls; /* the group that it belongs to */
	const char *name;
	uint32_t action;
	unsigned count; /* of conditions */
	struct scmp_arg_cmp conditions[2];
};

#define ALLOW(group, name)                                                                         \
	{                                                                                          \
		group, name, SCMP_ACT_ALLOW, 0,                                                    \
		{                                                                                  \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}
#define ALLOW_IF(group, name, argument, mask, value)                                               \
	{                                                                                          \
		group, name, SCMP_ACT_ALLOW, 1,                                                    \
		{                                                                                  \
			{                                                                          \
				argument, SCMP_CMP_MASKED_EQ, mask, value                          \
			}                                                                          \
		}                                                                                  \
	}
#define FAIL(group, name, number)                                                                  \
	{                                                                                          \
		group, name, SCMP_ACT_ERRNO(number), 0,                                            \
		{                                                                                  \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}

#define INT 0xffffffffU /* an argument of type int */
#define TO_WRITE (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))
#define CLONE_THREAD_ALONE 0x00010000U /* CLONE_THREAD */
#define NAMESPACES 0x7e020000U         /* CLONE_NEW… */
#define PR_SET_VMA_NAME 0x53564d41U    /* what malloc() calls its memory */

static const struct rule rules[] = {
	ALLOW(CALLS_COMPUTE, "brk"),
	ALLOW(CALLS_COMPUTE, "mmap"),
	ALLOW(CALLS_COMPUTE, "mmap2"),
	ALLOW(CALLS_COMPUTE, "munmap"),
	ALLOW(CALLS_COMPUTE, "mremap"),
	ALLOW(CALLS_COMPUTE, "mprotect"),
	ALLOW(CALLS_COMPUTE, "madvise"),
	ALLOW(CALLS_COMPUTE, "read"),
	ALLOW(CALLS_COMPUTE, "readv"),
	ALLOW(CALLS_COMPUTE, "write"),
	ALLOW(CALLS_COMPUTE, "writev"),
	ALLOW(CALLS_COMPUTE, "close"),
	ALLOW(CALLS_COMPUTE, "poll"),
	ALLOW(CALLS_COMPUTE, "ppoll"),
	ALLOW(CALLS_COMPUTE, "fstat"),
	ALLOW(CALLS_COMPUTE, "fstat64"),
	ALLOW(CALLS_COMPUTE, "lseek"),
	ALLOW(CALLS_COMPUTE, "_llseek"),
	ALLOW(CALLS_COMPUTE, "clock_gettime"),
	ALLOW(CALLS_COMPUTE, "clock_gettime64"),
	ALLOW(CALLS_COMPUTE, "clock_getres"),
	ALLOW(CALLS_COMPUTE, "gettimeofday"),
	ALLOW(CALLS_COMPUTE, "time"),
	ALLOW(CALLS_COMPUTE, "nanosleep"),
	ALLOW(CALLS_COMPUTE, "clock_nanosleep"),
	ALLOW(CALLS_COMPUTE, "setitimer"),
	ALLOW(CALLS_COMPUTE, "getitimer"),
	ALLOW(CALLS_COMPUTE, "alarm"),
	ALLOW(CALLS_COMPUTE, "rt_sigaction"),
	ALLOW(CALLS_COMPUTE, "rt_sigprocmask"),
	ALLOW(CALLS_COMPUTE, "rt_sigreturn"),
	ALLOW(CALLS_COMPUTE, "sigaltstack"),
	ALLOW(CALLS_COMPUTE, "restart_syscall"),
	ALLOW(CALLS_COMPUTE, "futex"),
	ALLOW(CALLS_COMPUTE, "futex_time64"),
	ALLOW(CALLS_COMPUTE, "sched_yield"),
	ALLOW(CALLS_COMPUTE, "getrandom"),
	ALLOW(CALLS_COMPUTE, "getcpu"), /* mimalloc, where there are several memory nodes */
	ALLOW(CALLS_COMPUTE, "getpid"),
	ALLOW(CALLS_COMPUTE, "gettid"),
	ALLOW(CALLS_COMPUTE, "getppid"),
	ALLOW(CALLS_COMPUTE, "getuid"),
	ALLOW(CALLS_COMPUTE, "geteuid"),
	ALLOW(CALLS_COMPUTE, "getgid"),
	ALLOW(CALLS_COMPUTE, "getegid"),
	ALLOW(CALLS_COMPUTE, "sysinfo"),
	ALLOW(CALLS_COMPUTE, "uname"),
	ALLOW(CALLS_COMPUTE, "exit"),
	ALLOW(CALLS_COMPUTE, "exit_group"),
	ALLOW_IF(CALLS_COMPUTE, "prctl", 0, INT, PR_SET_NAME),
	ALLOW_IF(CALLS_COMPUTE, "prctl", 0, INT, PR_SET_VMA_NAME),

	ALLOW_IF(CALLS_READ, "open", 1, TO_WRITE, 0),
	ALLOW_IF(CALLS_READ, "openat", 2, TO_WRITE, 0),
	FAIL(CALLS_READ, "openat2", ENOSYS),
	ALLOW(CALLS_READ, "pread64"),
	ALLOW(CALLS_READ, "preadv"),
	ALLOW(CALLS_READ, "stat"),
	ALLOW(CALLS_READ, "stat64"),
	ALLOW(CALLS_READ, "lstat"),
	ALLOW(CALLS_READ, "lstat64"),
	ALLOW(CALLS_READ, "newfstatat"),
	ALLOW(CALLS_READ, "fstatat64"),
	ALLOW(CALLS_READ, "statx"),
	ALLOW(CALLS_READ, "access"),
	ALLOW(CALLS_READ, "faccessat"),
	ALLOW(CALLS_READ, "faccessat2"),
	ALLOW(CALLS_READ, "readlink"),
	ALLOW(CALLS_READ, "readlinkat"),
	ALLOW(CALLS_READ, "getdents64"),
	ALLOW(CALLS_READ, "getcwd"),
	ALLOW(CALLS_READ, "fcntl"),
	ALLOW(CALLS_READ, "fcntl64"),
	ALLOW(CALLS_READ, "dup"),
	ALLOW_IF(CALLS_READ, "ioctl", 1, INT, TCGETS),

	/* clone3() keeps its flags where no filter can see them: without it, glibc takes clone().
	 */
	FAIL(CALLS_THREADS, "clone3", ENOSYS),
	ALLOW_IF(CALLS_THREADS, "clone", 0, CLONE_THREAD_ALONE, CLONE_THREAD_ALONE),
	ALLOW(CALLS_THREADS, "set_robust_list"),
	ALLOW(CALLS_THREADS, "rseq"),
	ALLOW(CALLS_THREADS, "membarrier"),
	ALLOW(CALLS_THREADS, "sched_getaffinity"),
	ALLOW(CALLS_THREADS, "sched_getparam"),
	ALLOW(CALLS_THREADS, "sched_getscheduler"),
	ALLOW(CALLS_THREADS, "getrlimit"),
	ALLOW(CALLS_THREADS, "prlimit64"),
	ALLOW(CALLS_THREADS, "rt_sigtimedwait"),
	ALLOW(CALLS_THREADS, "timer_create"),
	ALLOW(CALLS_THREADS, "timer_settime"),
	ALLOW(CALLS_THREADS, "timer_settime64"),
	ALLOW(CALLS_THREADS, "timer_gettime"),
	ALLOW(CALLS_THREADS, "timer_gettime64"),
	ALLOW(CALLS_THREADS, "timer_delete"),
	ALLOW(CALLS_THREADS, "pipe"),
	ALLOW(CALLS_THREADS, "pipe2"),
	ALLOW(CALLS_THREADS, "eventfd2"),

	ALLOW_IF(CALLS_CLIENT, "socket", 0, INT, AF_INET),
	ALLOW_IF(CALLS_CLIENT, "socket", 0, INT, AF_INET6),
	ALLOW_IF(CALLS_CLIENT, "socket", 0, INT, AF_UNIX),    /* name services */
	ALLOW_IF(CALLS_CLIENT, "socket", 0, INT, AF_NETLINK), /* which addresses we have */
	ALLOW(CALLS_CLIENT, "socketpair"),
	ALLOW(CALLS_CLIENT, "memfd_create"), /* a message for the launcher */
	ALLOW(CALLS_CLIENT, "connect"),
	ALLOW(CALLS_CLIENT, "bind"),
	ALLOW(CALLS_CLIENT, "getpeername"),
	ALLOW(CALLS_CLIENT, "sendmmsg"),
	ALLOW(CALLS_CLIENT, "select"),
	ALLOW(CALLS_CLIENT, "_newselect"),
	ALLOW(CALLS_CLIENT, "pselect6"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "getsockname"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "setsockopt"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "getsockopt"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "sendto"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER | CALLS_HAND, "sendmsg"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "recvfrom"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "recvmsg"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "shutdown"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "epoll_create1"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "epoll_ctl"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "epoll_wait"),
	ALLOW(CALLS_CLIENT | CALLS_SERVER, "epoll_pwait"),
	ALLOW_IF(CALLS_CLIENT | CALLS_SERVER, "ioctl", 1, INT, FIONBIO),
	ALLOW_IF(CALLS_CLIENT | CALLS_SERVER, "ioctl", 1, INT, FIONREAD),
	ALLOW_IF(CALLS_CLIENT, "ioctl", 1, INT, SIOCOUTQ), /* what the peer has not confirmed */
	ALLOW(CALLS_SERVER, "accept"),
	ALLOW(CALLS_SERVER, "accept4"),
	ALLOW(CALLS_SERVER, "sendfile"),
	ALLOW(CALLS_SERVER, "sendfile64"),

	ALLOW(CALLS_STORE, "open"),
	ALLOW(CALLS_STORE, "openat"),
	ALLOW(CALLS_STORE, "pwrite64"),
	ALLOW(CALLS_STORE, "pwritev"),
	ALLOW(CALLS_STORE, "fdatasync"),
	ALLOW(CALLS_STORE, "ftruncate"),
	ALLOW(CALLS_STORE, "ftruncate64"),
	ALLOW(CALLS_STORE, "fallocate"),
	ALLOW(CALLS_STORE, "flock"),
	ALLOW(CALLS_STORE, "fchmod"),
	ALLOW(CALLS_STORE, "fchown"),
	ALLOW(CALLS_STORE, "umask"),
	ALLOW(CALLS_STORE, "mkdir"),
	ALLOW(CALLS_STORE, "mkdirat"),
	ALLOW(CALLS_STORE, "statfs"),
	ALLOW(CALLS_STORE, "fstatfs"),

	ALLOW_IF(CALLS_SPOOL, "open", 1, TO_WRITE | O_EXCL, O_WRONLY | O_CREAT | O_EXCL),
	ALLOW_IF(CALLS_SPOOL, "openat", 2, TO_WRITE | O_EXCL, O_WRONLY | O_CREAT | O_EXCL),
	ALLOW(CALLS_SPOOL, "rename"),
	ALLOW(CALLS_SPOOL, "renameat"),
	ALLOW(CALLS_SPOOL, "renameat2"),
	ALLOW(CALLS_STORE | CALLS_SPOOL, "fsync"),
	ALLOW(CALLS_STORE | CALLS_SPOOL, "unlink"),
	ALLOW(CALLS_STORE | CALLS_SPOOL, "unlinkat"),

	ALLOW_IF(CALLS_PARENT, "clone", 0, NAMESPACES, 0),
	ALLOW(CALLS_PARENT, "fork"),
	ALLOW(CALLS_PARENT, "setsid"),
	ALLOW(CALLS_PARENT, "wait4"),
	ALLOW(CALLS_PARENT, "waitid"),
	ALLOW(CALLS_PARENT, "kill"),
	ALLOW(CALLS_PARENT, "tgkill"), /* of its children, to themselves */
	ALLOW(CALLS_PARENT, "pidfd_open"),
	ALLOW(CALLS_PARENT, "close_range"),
	ALLOW(CALLS_PARENT, "setrlimit"),
	ALLOW(CALLS_PARENT, "seccomp"),
	ALLOW(CALLS_PARENT, "landlock_create_ruleset"),
	ALLOW(CALLS_PARENT, "landlock_add_rule"),
	ALLOW(CALLS_PARENT, "landlock_restrict_self"),
	ALLOW_IF(CALLS_PARENT, "prctl", 0, INT, PR_SET_PDEATHSIG),
	ALLOW_IF(CALLS_PARENT, "prctl", 0, INT, PR_SET_DUMPABLE),
	ALLOW_IF(CALLS_PARENT, "prctl", 0, INT, PR_SET_NO_NEW_PRIVS),

#if LAMPWATCH_STEPS
	ALLOW_IF(CALLS_TESTS, "openat", 2, O_APPEND, O_APPEND),
#endif
};

enum { RULES = sizeof rules / sizeof rules[0] };

/* The role's rules that this architecture has calls for. libseccomp takes the numbers of the native
 * one, whatever the filter is for, or of its own for what that does not have. */
static int add_rules(scmp_filter_ctx filter, int calls, uint32_t architecture)
{
	int result = 0;

	for (size_t i = 0; i < RULES && result == 0; i++)
		if ((rules[i].calls & calls) != 0 &&
			seccomp_syscall_resolve_name_arch(architecture, rules[i].name) >= 0)
			result = seccomp_rule_add_array(filter, rules[i].action,
				seccomp_syscall_resolve_name(rules[i].name), rules[i].count,
				rules[i].conditions);
	/* A call of a process to itself, as raise() and abort() make it. */
	if (result == 0 && (calls & CALLS_PARENT) == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, INT, CONFINE_OWN_PROCESS));
	return result;
}

/* A tracer may skip a call. */
static int set_attributes(scmp_filter_ctx filter, uint32_t architecture)
{
	int result = seccomp_attr_set(filter, SCMP_FLTATR_API_TSKIP, 1);

	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);
	if (result == 0 && architecture != seccomp_arch_native()) {
		result = seccomp_arch_add(filter, architecture);
		if (result == 0)
			result = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
	}
	return result;
}

/* How many steps the filter of the role has; 0: it cannot be made. */
static size_t make_filter(
	enum confine_role role, uint32_t architecture, struct sock_filter steps[CONFINE_STEPS_MAX])
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	FILE *file = tmpfile();
	size_t count = 0;

	if (filter != NULL && file != NULL && set_attributes(filter, architecture) == 0 &&
		add_rules(filter, roles_calls[role], architecture) == 0 &&
		seccomp_export_bpf(filter, fileno(file)) == 0) {
		rewind(file);
		count = fread(steps, sizeof steps[0], CONFINE_STEPS_MAX, file);
		count = fgetc(file) == EOF ? count : 0;
	}
	if (file != NULL)
		fclose(file);
	seccomp_release(filter);
	return count;
}

/* ---- what is written ---- */

static int count_calls(int calls)
{
	int count = 0;

	for (size_t i = 0; i < RULES; i++)
		count += (rules[i].calls & calls) != 0 && rules[i].action == SCMP_ACT_ALLOW &&
			 seccomp_syscall_resolve_name(rules[i].name) >= 0;
	return count;
}

static bool write_filter(enum confine_role role)
{
	struct sock_filter steps[CONFINE_STEPS_MAX];
	size_t count = make_filter(role, seccomp_arch_native(), steps);

	if (count == 0)
		fprintf(stderr, "confine-calls: there is no filter for role %d\n", (int)role);
	printf("\t[%d] = {.calls = %d, .count = %zu, .steps = (const struct sock_filter[]){\n",
		(int)role, count_calls(roles_calls[role]), count);
	for (size_t i = 0; i < count; i++)
		printf("\t\t{%#x, %d, %d, %#x},\n", (unsigned)steps[i].code, steps[i].jt,
			steps[i].jf, (unsigned)steps[i].k);
	printf("\t}},\n");
	return count > 0;
}

static void write_names(void)
{
	for (int number = 0; number < CONFINE_CALLS_MAX; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

		if (name != NULL)
			printf("\t[%d] = \"%s\",\n", number, name);
		free(name);
	}
}

int main(void)
{
	bool good = true;

	printf("#include \"base/confine_filters.h\"\n"
	       "\nconst struct confine_filter confine_filters[CONFINE_ROLES] = {\n");
	for (int role = CONFINE_NONE + 1; role < CONFINE_ROLES; role++)
		good = write_filter((enum confine_role)role) && good;
	printf("};\n\nconst char *const confine_call_names[CONFINE_CALLS_MAX] = {\n");
	write_names();
	printf("};\n");
	return good && fflush(stdout) == 0 ? 0 : 1;
}
