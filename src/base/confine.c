/* SPDX-License-Identifier: ISC */
#include "base/confine.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/confine_filters.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "settings.h"

/* ---- the roles ---- */

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
	int network;
	bool ends;         /* where a call is refused */
	rlim_t files;      /* descriptors */
	const char *shown; /* files, in confine_describe() */
	const char *shown_network;
	const char *const *paths; /* what may be read; NULL: nothing */
} roles[CONFINE_ROLES] = {
	[CONFINE_READER] = {"reader", NETWORK_NONE, true, 64, "conversions of encodings: read",
		"none", conversions},
	[CONFINE_FETCHER] = {"fetcher", NETWORK_NO_LISTENER, false, 2048, "resolver, CAs: read",
		"any peer", names_and_certificates},
	[CONFINE_ATTEMPT] = {"attempt", NETWORK_NO_LISTENER, false, 256,
		"resolver, CAs, its own: read", "any peer", names_and_certificates},
	[CONFINE_COURIER] = {"courier", NETWORK_NO_LISTENER, false, 1024,
		"database: write; secrets: read", "any peer", names_and_database},
	[CONFINE_SERVE] = {"serve", NETWORK_NONE, false, 2048, "spool: write", "its listener",
		NULL},
	[CONFINE_OPENER] = {"opener", NETWORK_NONE, true, 64, "the archive: read", "none", NULL},
	[CONFINE_VERIFY] = {"verify", NETWORK_NONE, false, 256, "the archive: read; .state: write",
		"none", NULL},
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

static const char *call_name(int number)
{
	const char *name =
		number >= 0 && number < CONFINE_CALLS_MAX ? confine_call_names[number] : NULL;

	return name != NULL ? name : "a call without a name";
}

/* Only what may be called in a handler of signals. */
static void say(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

static void on_refusal(int signal, siginfo_t *info, void *context)
{
	bool first = report->call == 0;

	(void)signal;
	report->call = info->si_syscall + 1;
	if (first && !reported) {
		say("lampwatch: the confinement of ");
		say(roles[report->role].name);
		say(" refuses \"");
		say(call_name(info->si_syscall));
		say("\"; please report it\n");
	}
	if (ends || !answer(context, EPERM))
		_exit(CONFINE_EXIT);
}

bool confine_refused(void)
{
	return report->call != 0;
}

bool confine_report_text(const struct confine_report *from, char out[static CONFINE_TEXT_MAX])
{
	struct confine_report copy = *from;
	const char *role = copy.role > CONFINE_NONE && copy.role < CONFINE_ROLES
				   ? roles[copy.role].name
				   : "a process";

	if (copy.call > 0) {
		snprintf(out, CONFINE_TEXT_MAX,
			"the confinement of %s refuses \"%s\"; please report it", role,
			call_name(copy.call - 1));
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
	good = good && permit_steps(ruleset) &&
	       syscall(SYS_landlock_restrict_self, ruleset, 0U) == 0;
	close(ruleset);
	return good;
}

/* ---- system calls ---- */

static bool has_seccomp(void)
{
	uint32_t action = SECCOMP_RET_TRAP;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0;
}

/* Each process has its own number in it. 0, or errno. */
static int filter_calls(enum confine_role role)
{
	const struct confine_filter *filter = &confine_filters[role];
	struct sock_filter steps[CONFINE_STEPS_MAX];
	const struct sock_fprog program = {filter->count, steps};

	for (size_t i = 0; i < filter->count; i++) {
		steps[i] = filter->steps[i];
		if (steps[i].k == CONFINE_OWN_PROCESS)
			steps[i].k = (uint32_t)getpid();
	}
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) == 0 ? 0 : errno;
}

/* ---- the whole ---- */

static void limit(int resource, rlim_t most)
{
	struct rlimit now;

	if (getrlimit(resource, &now) == 0 && now.rlim_max > most)
		setrlimit(resource, &(struct rlimit){most, most});
}

/* A proxy's password stands there, which only who talks to it needs. */
static void forget_environment(void)
{
	for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
		memset(*variable, 0, strlen(*variable));
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
		report->reason = filter_calls(number);
	if (role->network == NETWORK_NONE)
		forget_environment();
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
			snprintf(count, sizeof count, "%d (seccomp)", confine_filters[i].calls);
		confine_row(out, role->name, count, version > 0 ? role->shown : "any: no Landlock",
			calls ? role->shown_network : "any");
	}
}
