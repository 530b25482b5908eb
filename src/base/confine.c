/* SPDX-License-Identifier: ISC */
#include "base/confine.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "settings.h"

/* ---- the roles ---- */

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

enum { MAKING_MILLISECONDS = 1000 /* of the processor: a filter takes less than one */ };

enum { NETWORK_NO_LISTENER = 1, NETWORK_NONE = 2 };

/* Lists of paths, ended by NULL: a path, $VARIABLE with one, or @NAME beside the C library. */

/* The conversions of what is not UTF-8 are loaded when a page needs one: all of them at once, and
 * at each start, would take as long as twenty pages. */
static const char *const conversions[] = {"@gconv", NULL};

/* Folders in place of files where a file is replaced by another of its name. Name services
 * (nsswitch.conf(5)) are libraries. */
#define NAMES_AND_CERTIFICATES                                                                     \
	"/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib",                \
		"/etc/ld.so.cache", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts",        \
		"/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",              \
		"/etc/hostname", "/etc/mdns.allow", "/etc/localtime", "/etc/ssl", "/etc/pki",      \
		"/etc/ca-certificates", "/etc/crypto-policies", "/usr/share/ca-certificates",      \
		"/usr/local/share/ca-certificates", "/usr/share/zoneinfo", "/run/systemd/resolve", \
		"/run/resolvconf", "/run/NetworkManager", "/run/connman", "/run/nscd",             \
		"/run/avahi-daemon", "/dev/null", "/dev/urandom", "/dev/random", "/proc/sys/net",  \
		"/sys/devices/system/cpu", "$CURL_CA_BUNDLE", "$SSL_CERT_FILE", "$SSL_CERT_DIR",   \
		"$OPENSSL_CONF"

static const char *const names_and_certificates[] = {NAMES_AND_CERTIFICATES, NULL};

/* The courier's attempts may read no more than itself; and what SQLite asks for. */
static const char *const names_and_database[] = {
	NAMES_AND_CERTIFICATES, "$TZDIR", "/proc/self/statm", NULL};

static const struct role {
	const char *name;
	int calls;
	int network;
	bool ends;         /* where a call is refused */
	rlim_t files;      /* descriptors */
	const char *shown; /* files, in confine_describe() */
	const char *shown_network;
	const char *const *paths; /* what may be read; NULL: nothing */
} roles[CONFINE_ROLES] = {
	[CONFINE_READER] = {"reader", CALLS_COMPUTE | CALLS_READ, NETWORK_NONE, true, 64,
		"conversions of encodings: read", "none", conversions},
	[CONFINE_FETCHER] = {"fetcher",
		CALLS_COMPUTE | CALLS_READ | CALLS_THREADS | CALLS_CLIENT | CALLS_TESTS,
		NETWORK_NO_LISTENER, false, 2048, "resolver, CAs: read", "any peer",
		names_and_certificates},
	[CONFINE_ATTEMPT] = {"attempt",
		CALLS_COMPUTE | CALLS_READ | CALLS_THREADS | CALLS_CLIENT | CALLS_TESTS,
		NETWORK_NO_LISTENER, false, 256, "resolver, CAs, its own: read", "any peer",
		names_and_certificates},
	[CONFINE_COURIER] = {"courier",
		CALLS_COMPUTE | CALLS_READ | CALLS_THREADS | CALLS_CLIENT | CALLS_TESTS |
			CALLS_STORE | CALLS_PARENT,
		NETWORK_NO_LISTENER, false, 1024, "database: write; secrets: read", "any peer",
		names_and_database},
	[CONFINE_SERVE] = {"serve",
		CALLS_COMPUTE | CALLS_READ | CALLS_THREADS | CALLS_SERVER | CALLS_SPOOL,
		NETWORK_NONE, false, 2048, "spool: write", "its listener", NULL},
	[CONFINE_OPENER] = {"opener", CALLS_COMPUTE | CALLS_READ | CALLS_HAND, NETWORK_NONE, true,
		64, "the archive: read", "none", NULL},
	[CONFINE_VERIFY] = {"verify", CALLS_COMPUTE | CALLS_READ | CALLS_STORE, NETWORK_NONE, false,
		256, "the archive: read; .state: write", "none", NULL},
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
#define OWN_PROCESS 0x6f776e70U        /* stands for the number of a process, until there is one */
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

/* ---- a call that is refused ---- */

static struct confine_report own, *report = &own;
static bool reported, ends;

void confine_report_to(struct confine_report *to)
{
	report = to;
	reported = true;
}

/* What the system call returns; false where this processor's registers are not known here. */
static bool answer(ucontext_t *context, int number)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RAX] = -number;
	return true;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[0] = (unsigned long long)-number;
	return true;
#else
	(void)context, (void)number;
	return false;
#endif
}

/* Only what may be called in a handler of signals. */
static void say(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

static void say_number(int number)
{
	char digits[16];
	size_t at = sizeof digits - 1;

	for (digits[at] = '\0'; number > 0 && at > 0; number /= 10)
		digits[--at] = (char)('0' + number % 10);
	say(digits + at);
}

static void on_refusal(int signal, siginfo_t *info, void *context)
{
	bool first = report->call == 0;

	(void)signal;
	report->call = info->si_syscall + 1;
	if (first && !reported) {
		say("lampwatch: the confinement of ");
		say(roles[report->role].name);
		say(" refuses system call ");
		say_number(info->si_syscall);
		say("; please report it\n");
	}
	if (ends || !answer(context, EPERM))
		_exit(CONFINE_EXIT);
}

bool confine_report_text(const struct confine_report *from, char out[static CONFINE_TEXT_MAX])
{
	struct confine_report copy = *from;
	const char *role = copy.role > CONFINE_NONE && copy.role < CONFINE_ROLES
				   ? roles[copy.role].name
				   : "a process";
	char *call;

	if (copy.call > 0) {
		call = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, copy.call - 1);
		snprintf(out, CONFINE_TEXT_MAX,
			"the confinement of %s refuses \"%s\"; please report it", role,
			call != NULL ? call : "a call without a name");
		free(call);
	} else if (copy.reason != 0) {
		snprintf(out, CONFINE_TEXT_MAX, "%s cannot be confined: %s", role,
			strerror(copy.reason));
	}
	return copy.call > 0 || copy.reason != 0;
}

/* ---- files ---- */

/* Newer than the headers that may be there. */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NETWORK = 4, ABI_DEVICES = 5, ABI_SCOPES = 6 };
#define FS_REFER (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEVICE (1ULL << 15)
#define FS_FIRST ((1ULL << 13) - 1)
#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                   \
	(FS_READ | FS_TRUNCATE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |     \
		LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define NET_BIND (1ULL << 0)
#define NET_CONNECT (1ULL << 1)
#define SCOPES 3ULL /* abstract sockets and signals */

/* struct landlock_ruleset_attr as the newest of these versions has it. */
struct ruleset {
	uint64_t files, network, scopes;
};

static int landlock_version(void)
{
	long version = syscall(
		SYS_landlock_create_ruleset, NULL, 0, (unsigned)LANDLOCK_CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

/* False with errno. */
static bool permit(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	struct stat status;
	bool good;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return true; /* what is not there, or not to be had, need not be permitted */
	if (fstat(rule.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
		rule.allowed_access &= ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR;
	good = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	close(rule.parent_fd);
	return good;
}

/* The conversions of iconv(3) lie there, whatever the processor's name is in the folder's. */
static bool permit_beside_c_library(int ruleset, const char *name)
{
	void *function = dlsym(RTLD_DEFAULT, "getpid");
	Dl_info info;
	char *path;
	bool good;

	if (function == NULL || dladdr(function, &info) == 0 || strchr(info.dli_fname, '/') == NULL)
		return true;
	path = memory_format("%.*s/%s", (int)(strrchr(info.dli_fname, '/') - info.dli_fname),
		info.dli_fname, name);
	good = permit(ruleset, path, FS_READ);
	free(path);
	return good;
}

static bool permit_named(int ruleset, const char *name)
{
	if (name[0] == '@')
		return permit_beside_c_library(ruleset, name + 1);
	if (name[0] == '$')
		name = getenv(name + 1);
	return text_empty(name) || permit(ruleset, name, FS_READ);
}

/* The file to which the tests' build notes its steps. */
static bool permit_steps(int ruleset)
{
#if LAMPWATCH_STEPS
	const char *file = getenv("LAMPWATCH_STEPS_FILE");

	return file == NULL || permit(ruleset, file, LANDLOCK_ACCESS_FS_WRITE_FILE);
#else
	(void)ruleset;
	return true;
#endif
}

static bool restrict_files(
	const struct role *role, const struct text_list *paths, const struct text_list *written)
{
	int version = landlock_version(), ruleset;
	struct ruleset wanted = {FS_FIRST, 0, 0};
	size_t size = sizeof wanted.files;
	bool good = true;

	if (version == 0)
		return true;
	if (version >= ABI_REFER)
		wanted.files |= FS_REFER;
	if (version >= ABI_TRUNCATE)
		wanted.files |= FS_TRUNCATE;
	if (version >= ABI_DEVICES)
		wanted.files |= FS_IOCTL_DEVICE;
	if (version >= ABI_NETWORK) {
		wanted.network = role->network == NETWORK_NONE ? NET_BIND | NET_CONNECT : NET_BIND;
		size = offsetof(struct ruleset, scopes);
	}
	if (version >= ABI_SCOPES) {
		wanted.scopes = SCOPES;
		size = sizeof wanted;
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, size, 0U);
	if (ruleset < 0)
		return false;
	for (const char *const *path = role->paths; path != NULL && *path != NULL && good; path++)
		good = permit_named(ruleset, *path);
	for (size_t i = 0; paths != NULL && i < paths->count && good; i++)
		good = permit(ruleset, paths->list[i], FS_READ);
	for (size_t i = 0; written != NULL && i < written->count && good; i++)
		good = permit(ruleset, written->list[i], FS_WRITE & wanted.files);
	if ((role->calls & CALLS_TESTS) != 0)
		good = good && permit_steps(ruleset);
	good = good && syscall(SYS_landlock_restrict_self, ruleset, 0U) == 0;
	close(ruleset);
	return good;
}

/* ---- system calls ---- */

static bool has_seccomp(void)
{
	uint32_t action = SECCOMP_RET_TRAP;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0;
}

static size_t count_calls(const struct role *role)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		count += (rules[i].calls & role->calls) != 0 && rules[i].action == SCMP_ACT_ALLOW &&
			 seccomp_syscall_resolve_name(rules[i].name) >= 0;
	return count;
}

/* A call of a process to itself, as raise() and abort() make it; which one that is comes later. */
static int allow_own_signals(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, INT, OWN_PROCESS));
}

/* What libseccomp makes of it, for the kernel (bpf(4)), by way of a file in memory. False with
 * errno.
 */
static bool export(scmp_filter_ctx filter, struct sock_fprog *program)
{
	int file = memfd_create("filter", MFD_CLOEXEC);
	off_t length =
		file >= 0 && seccomp_export_bpf(filter, file) == 0 ? lseek(file, 0, SEEK_END) : -1;
	bool good = length > 0 && length % (off_t)sizeof *program->filter == 0;

	program->filter = good ? memory_new((size_t)length) : NULL;
	good = good && pread(file, program->filter, (size_t)length, 0) == length;
	program->len = good ? (unsigned short)((size_t)length / sizeof *program->filter) : 0;
	if (file >= 0)
		close(file);
	return good;
}

/* One for each role, once it was needed: libseccomp takes as long for one as a fork. */
static struct sock_fprog programs[CONFINE_ROLES];

/* The role's rules that this architecture has calls for; 0, or a negative errno. libseccomp takes
 * the numbers of the native one, whatever the filter is for, or of its own for what that does not
 * have.
 */
static int add_rules(scmp_filter_ctx filter, const struct role *role, uint32_t architecture)
{
	int result = 0;

	for (size_t i = 0; i < sizeof rules / sizeof rules[0] && result == 0; i++) {
		const struct rule *rule = &rules[i];

		if ((rule->calls & role->calls) != 0 &&
			seccomp_syscall_resolve_name_arch(architecture, rule->name) >= 0)
			result = seccomp_rule_add_array(filter, rule->action,
				seccomp_syscall_resolve_name(rule->name), rule->count,
				rule->conditions);
	}
	if (result == 0 && (role->calls & CALLS_PARENT) == 0)
		result = allow_own_signals(filter);
	return result;
}

/*
 * 0, or a negative errno. A tracer may skip a call (SCMP_FLTATR_API_TSKIP). Where memory runs out,
 * libseccomp 2.5 may say nothing, and its program then refuses what it should allow, such as
 * close(): only errno tells. Or it may never end: then its limit ends the process.
 */
static int make_program(enum confine_role number)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	struct sock_fprog program = {0};
	int result = filter == NULL ? -ENOMEM : 0;

	child_limit_time(MAKING_MILLISECONDS);
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_API_TSKIP, 1);
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);
	errno = 0;
	if (result == 0)
		result = add_rules(filter, &roles[number], seccomp_arch_native());
	if (result == 0 && (!export(filter, &program) || errno == ENOMEM))
		result = errno != 0 ? -errno : -EINVAL;
	child_limit_time(0);
	seccomp_release(filter);
	if (result == 0)
		programs[number] = program;
	else
		free(program.filter);
	return result;
}

/* The same. Each process has its own number in it. */
static int filter_calls(enum confine_role number)
{
	const struct sock_fprog *program = &programs[number];
	int result = program->filter == NULL ? make_program(number) : 0;
	size_t place = 0;

	if (result != 0)
		return result;
	while (place < program->len && program->filter[place].k != OWN_PROCESS)
		place++;
	if (place < program->len)
		program->filter[place].k = (uint32_t)getpid();
	result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, program) == 0 ? 0 : -errno;
	if (place < program->len)
		program->filter[place].k = OWN_PROCESS;
	return result;
}

void confine_prepare(enum confine_role role)
{
	if (has_seccomp() && programs[role].filter == NULL)
		(void)make_program(role); /* else whoever enters it tries, and says why not */
}

/* ---- the whole ---- */

static void limit(int resource, rlim_t most)
{
	struct rlimit now;

	if (getrlimit(resource, &now) == 0 && now.rlim_max > most)
		setrlimit(resource, &(struct rlimit){most, most});
}

void confine_enter(enum confine_role role, const struct text_list *paths)
{
	confine_enter_writing(role, paths, NULL);
}

void confine_enter_writing(
	enum confine_role number, const struct text_list *paths, const struct text_list *written)
{
	const struct role *role = &roles[number];
	struct sigaction action = {.sa_sigaction = on_refusal, .sa_flags = SA_SIGINFO | SA_NODEFER};

	report->role = (int)number;
	ends = role->ends;
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, role->files);
	sigaction(SIGSYS, &action, NULL);
	errno = 0;
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		!restrict_files(role, paths, written))
		report->reason = errno;
	else if (has_seccomp())
		report->reason = -filter_calls(number);
	if (report->reason != 0 && ends)
		_exit(CONFINE_EXIT);
}

void confine_row(struct buffer *out, const char *name, const char *calls, const char *files,
	const char *network)
{
	buffer_format(out, "%-10s %-22s %-32s %s\n", name, calls, files, network);
}

void confine_describe(struct buffer *out)
{
	int version = landlock_version();
	bool calls = has_seccomp();

	confine_row(out, "confined", "system calls", "files", "network");
	for (size_t i = CONFINE_NONE + 1; i < CONFINE_ROLES; i++) {
		const struct role *role = &roles[i];
		char count[24] = "any: no seccomp";

		if (calls)
			snprintf(count, sizeof count, "%zu (seccomp)", count_calls(role));
		confine_row(out, role->name, count, version > 0 ? role->shown : "any: no Landlock",
			calls ? role->shown_network : "any");
	}
}
