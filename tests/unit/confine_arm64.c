/* SPDX-License-Identifier: ISC
 *
 * The lists of calls as they are on arm64, which lacks many that others have: each role's filter is
 * made for it, and run here.
 */
/* Its main() is not called here. */
int write_filters(void);
#define main write_filters
#include "base/confine_calls.c"
#undef main

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#define OTHER_SOCKET 17 /* AF_PACKET */

struct filter {
	size_t count;
	struct sock_filter steps[CONFINE_STEPS_MAX];
};

/* What a filter (bpf(4)) answers: SECCOMP_RET_…. Only the instructions that libseccomp uses. */
static uint32_t run(const struct filter *filter, const struct seccomp_data *call)
{
	uint32_t a = 0;

	for (size_t at = 0; at < filter->count; at++) {
		const struct sock_filter *step = &filter->steps[at];
		bool holds = false;

		switch (step->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)call + step->k, sizeof a);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= step->k;
			continue;
		case BPF_RET | BPF_K:
			return step->k;
		case BPF_JMP | BPF_JA:
			at += step->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			holds = a == step->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			holds = a >= step->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			holds = a > step->k;
			break;
		default:
			fail_msg("an instruction that is not known: %u", step->code);
		}
		at += holds ? step->jt : step->jf;
	}
	fail_msg("the filter has no end");
	return 0;
}

static struct filter filter_of(enum confine_role role)
{
	struct filter filter;

	filter.count = make_filter(role, SCMP_ARCH_AARCH64, filter.steps);
	assert_true(filter.count > 0);
	return filter;
}

static uint32_t answer_to(const struct filter *filter, const char *name, uint64_t first,
	uint64_t second, uint64_t third)
{
	struct seccomp_data call = {
		.nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_AARCH64, name),
		.arch = AUDIT_ARCH_AARCH64,
		.args = {first, second, third}};

	if (call.nr < 0)
		fail_msg("%s: there is no such call", name);
	return run(filter, &call);
}

/* What glibc and musl call there for what the roles do. */
static const struct {
	int calls; /* the groups that allow it */
	const char *name;
	uint64_t first, second, third;
} used[] = {
	{CALLS_COMPUTE, "brk", 0, 0, 0},
	{CALLS_COMPUTE, "mmap", 0, 0, 0},
	{CALLS_COMPUTE, "munmap", 0, 0, 0},
	{CALLS_COMPUTE, "mprotect", 0, 0, 0},
	{CALLS_COMPUTE, "madvise", 0, 0, 0},
	{CALLS_COMPUTE, "read", 0, 0, 0},
	{CALLS_COMPUTE, "write", 0, 0, 0},
	{CALLS_COMPUTE, "writev", 0, 0, 0},
	{CALLS_COMPUTE, "close", 0, 0, 0},
	{CALLS_COMPUTE, "ppoll", 0, 0, 0},
	{CALLS_COMPUTE, "fstat", 0, 0, 0},
	{CALLS_COMPUTE, "lseek", 0, 0, 0},
	{CALLS_COMPUTE, "clock_gettime", 0, 0, 0},
	{CALLS_COMPUTE, "clock_nanosleep", 0, 0, 0},
	{CALLS_COMPUTE, "setitimer", 0, 0, 0},
	{CALLS_COMPUTE, "rt_sigaction", 0, 0, 0},
	{CALLS_COMPUTE, "rt_sigprocmask", 0, 0, 0},
	{CALLS_COMPUTE, "rt_sigreturn", 0, 0, 0},
	{CALLS_COMPUTE, "futex", 0, 0, 0},
	{CALLS_COMPUTE, "getrandom", 0, 0, 0},
	{CALLS_COMPUTE, "exit_group", 0, 0, 0},
	{CALLS_READ, "openat", 0, 0, O_RDONLY | O_CLOEXEC},
	{CALLS_READ, "newfstatat", 0, 0, 0},
	{CALLS_READ, "statx", 0, 0, 0},
	{CALLS_READ, "faccessat", 0, 0, 0},
	{CALLS_READ, "faccessat2", 0, 0, 0},
	{CALLS_READ, "readlinkat", 0, 0, 0},
	{CALLS_READ, "pread64", 0, 0, 0},
	{CALLS_READ, "getdents64", 0, 0, 0},
	{CALLS_READ, "fcntl", 0, 0, 0},
	{CALLS_THREADS, "clone", CLONE_THREAD_ALONE, 0, 0},
	{CALLS_THREADS, "set_robust_list", 0, 0, 0},
	{CALLS_THREADS, "rseq", 0, 0, 0},
	{CALLS_THREADS, "prlimit64", 0, 0, 0},
	{CALLS_THREADS, "pipe2", 0, 0, 0},
	{CALLS_THREADS, "eventfd2", 0, 0, 0},
	{CALLS_CLIENT, "socket", AF_INET, 0, 0},
	{CALLS_CLIENT, "socket", AF_INET6, 0, 0},
	{CALLS_CLIENT, "socket", AF_UNIX, 0, 0},
	{CALLS_CLIENT, "connect", 0, 0, 0},
	{CALLS_CLIENT, "sendmmsg", 0, 0, 0},
	{CALLS_CLIENT, "pselect6", 0, 0, 0},
	{CALLS_CLIENT | CALLS_SERVER, "epoll_pwait", 0, 0, 0},
	{CALLS_CLIENT | CALLS_SERVER, "sendto", 0, 0, 0},
	{CALLS_CLIENT | CALLS_SERVER, "recvfrom", 0, 0, 0},
	{CALLS_CLIENT | CALLS_SERVER, "setsockopt", 0, 0, 0},
	{CALLS_SERVER, "accept4", 0, 0, 0},
	{CALLS_SERVER, "sendfile", 0, 0, 0},
	{CALLS_STORE, "openat", 0, 0, O_RDWR | O_CREAT},
	{CALLS_STORE, "pwrite64", 0, 0, 0},
	{CALLS_STORE | CALLS_SPOOL, "openat", 0, 0, O_WRONLY | O_CREAT | O_EXCL},
	{CALLS_STORE, "openat", 0, 0, O_WRONLY | O_CREAT | O_TRUNC},
	{CALLS_STORE, "openat", 0, 0, O_WRONLY},
	{CALLS_SPOOL, "renameat", 0, 0, 0},
	{CALLS_STORE | CALLS_SPOOL, "fsync", 0, 0, 0},
	{CALLS_STORE, "ftruncate", 0, 0, 0},
	{CALLS_STORE | CALLS_SPOOL, "unlinkat", 0, 0, 0},
	{CALLS_STORE, "mkdirat", 0, 0, 0},
	{CALLS_STORE, "flock", 0, 0, 0},
	{CALLS_PARENT, "clone", SIGCHLD, 0, 0},
	{CALLS_PARENT, "wait4", 0, 0, 0},
	{CALLS_PARENT, "kill", 0, 0, 0},
	{0, "execve", 0, 0, 0},
	{0, "execveat", 0, 0, 0},
	{0, "ptrace", 0, 0, 0},
	{0, "process_vm_readv", 0, 0, 0},
	{0, "socket", OTHER_SOCKET, 0, 0},
	{0, "listen", 0, 0, 0},
	{0, "mount", 0, 0, 0},
	{0, "bpf", 0, 0, 0},
	{0, "io_uring_setup", 0, 0, 0},
};

static void test_each_role_may_what_its_libraries_call_there_and_no_more(void **state)
{
	(void)state;
	for (size_t role = CONFINE_NONE + 1; role < CONFINE_ROLES; role++) {
		struct filter filter = filter_of((enum confine_role)role);

		for (size_t i = 0; i < sizeof used / sizeof used[0]; i++) {
			uint32_t got = answer_to(&filter, used[i].name, used[i].first,
				used[i].second, used[i].third);
			bool may = (used[i].calls & roles_calls[role]) != 0;

			if (got != (may ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP))
				fail_msg("role %zu: %s gets %#x", role, used[i].name, got);
		}
	}
}

static void test_what_no_filter_can_see_into_is_not_there(void **state)
{
	struct filter filter = filter_of(CONFINE_FETCHER);
	uint32_t none = SECCOMP_RET_ERRNO | ENOSYS;

	(void)state;
	assert_int_equal(answer_to(&filter, "clone3", 0, 0, 0), none);
	assert_int_equal(answer_to(&filter, "openat2", 0, 0, 0), none);
}

static void test_calls_of_another_architecture_are_refused(void **state)
{
	struct filter filter = filter_of(CONFINE_READER);
	const struct seccomp_data read_there = {.nr = 0, .arch = AUDIT_ARCH_X86_64};

	(void)state;
	assert_int_equal(run(&filter, &read_there), SECCOMP_RET_TRAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_role_may_what_its_libraries_call_there_and_no_more),
		cmocka_unit_test(test_what_no_filter_can_see_into_is_not_there),
		cmocka_unit_test(test_calls_of_another_architecture_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
