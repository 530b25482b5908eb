/* SPDX-License-Identifier: ISC */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"

enum {
	PATIENCE = 60000, /* milliseconds that a test waits for what must come */
	SUCCEEDED = 1,    /* what an attack answers */
	FAILED = 2,
	NOTHING = -1, /* that a kernel lacks */
};

/* A folder with what nobody confined may have. */
static char *folder, *database, *password, *archive, *state_folder, *spool;

/* ---- what a process that was taken over would try: true where it succeeds ---- */

static bool opens(const char *path, int flags)
{
	return open(path, flags) >= 0;
}

static bool read_database(void)
{
	return opens(database, O_RDONLY);
}

static bool write_database(void)
{
	return opens(database, O_RDWR);
}

static bool read_password(void)
{
	return opens(password, O_RDONLY);
}

static bool read_shadow(void)
{
	return opens("/etc/shadow", O_RDONLY);
}

static bool read_memory_of_parent(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
	return opens(path, O_RDONLY);
}

static bool make_file(void)
{
	char *path = file_join(folder, "made");
	bool done = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600) >= 0;

	free(path);
	return done;
}

static bool remove_file(void)
{
	return unlink(password) == 0;
}

static bool make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool listen_anew(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int descriptor = socket(AF_INET, SOCK_STREAM, 0);

	return descriptor >= 0 &&
	       bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
	       listen(descriptor, 1) == 0;
}

static bool start_program(void)
{
	static char path[] = "/bin/true";
	char *const arguments[] = {path, NULL};

	execv(arguments[0], arguments);
	return false;
}

static bool start_program_in_child(void)
{
	pid_t process = fork();
	int status = 1;

	if (process == 0) {
		start_program();
		_exit(1);
	}
	return process > 0 && waitpid(process, &status, 0) == process && status == 0;
}

static bool make_namespace(void)
{
	return unshare(CLONE_NEWNS) == 0;
}

static bool write_archive(void)
{
	char *path = file_join(archive, "index.html");
	bool done = opens(path, O_WRONLY);

	free(path);
	return done;
}

static bool read_archive(void)
{
	char *path = file_join(archive, "index.html");
	bool done = opens(path, O_RDONLY);

	free(path);
	return done;
}

/* serve may make files in its spool, and alter none that is there. */
static bool alter_request(void)
{
	char *path = file_join(spool, "there");
	bool done = opens(path, O_WRONLY | O_TRUNC);

	free(path);
	return done;
}

static bool make_process(void)
{
	pid_t process = fork();

	if (process == 0)
		_exit(0);
	return process > 0;
}

static bool trace_parent(void)
{
	return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
}

static bool reach_into_parent(void)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {folder, 1};

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0) == 1;
}

static bool signal_parent(void)
{
	return kill(getppid(), 0) == 0;
}

static bool signal_thread_of_parent(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0) == 0;
}

enum {
	READER = 1 << CONFINE_READER,
	FETCHER = 1 << CONFINE_FETCHER,
	ATTEMPT = 1 << CONFINE_ATTEMPT,
	COURIER = 1 << CONFINE_COURIER,
	SERVE = 1 << CONFINE_SERVE,
	OPENER = 1 << CONFINE_OPENER,
	VERIFY = 1 << CONFINE_VERIFY,
	ALL = READER | FETCHER | ATTEMPT | COURIER | SERVE | OPENER | VERIFY,
	CHILDLESS = ALL & ~COURIER,
	UNSTORED = READER | FETCHER | ATTEMPT | SERVE,   /* they have no file of the archive */
	UNWRITING = READER | FETCHER | ATTEMPT | OPENER, /* nor one to write */
	UNCONNECTED = READER | SERVE | OPENER | VERIFY,
};

static const struct attack {
	const char *name;
	bool (*succeeds)(void);
	int roles;     /* that must fail in it */
	int filtered;  /* of these, whom system calls alone stop */
	bool walled;   /* Landlock alone stops them all, in its first version */
	bool replaces; /* where it succeeds, the process is another program's, and silent */
} attacks[] = {
	/* An opener could: Landlock cannot leave .state out of the archive, only cmd/serve_opener.c
	 * does.
	 */
	{"open the database", read_database, UNSTORED, 0, true, false},
	{"open the database for writing", write_database, UNSTORED | OPENER, UNSTORED | OPENER,
		true, false},
	/* The courier's attempts read secrets; here nobody named that one. */
	{"open a password's file", read_password, ALL, 0, true, false},
	{"open /etc/shadow", read_shadow, ALL, 0, true, false},
	{"open its parent's memory", read_memory_of_parent, ALL, 0, true, false},
	{"read the archive", read_archive, UNSTORED | COURIER, 0, true, false},
	{"write to the archive", write_archive, ALL, UNSTORED | OPENER, true, false},
	{"alter a request in the spool", alter_request, UNSTORED | OPENER, UNSTORED | OPENER, false,
		false},
	{"make a file", make_file, ALL, UNWRITING, true, false},
	{"remove a file", remove_file, ALL, UNWRITING, true, false},
	{"make a socket", make_socket, UNCONNECTED, UNCONNECTED, false, false},
	{"listen on a port", listen_anew, ALL, ALL, false, false},
	{"start a program", start_program, ALL, ALL, true, true},
	{"start a program in a child", start_program_in_child, ALL, ALL, true, false},
	{"make a process", make_process, CHILDLESS, CHILDLESS, false, false},
	{"make a namespace", make_namespace, ALL, ALL, false, false},
	{"trace its parent", trace_parent, ALL, ALL, true, false},
	{"read its parent's memory", reach_into_parent, ALL, ALL, true, false},
	/* The courier could, where Landlock has no scopes. */
	{"signal its parent", signal_parent, CHILDLESS, CHILDLESS, false, false},
	{"signal a thread of its parent", signal_thread_of_parent, CHILDLESS, CHILDLESS, false,
		false},
};

enum { ATTACKS = sizeof attacks / sizeof attacks[0] };

/* ---- a child of that role that does it ---- */

struct trial {
	enum confine_role role;
	int lacking; /* a system call that this kernel does not have; NOTHING */
	const struct attack *attack;
};

/* An older kernel. */
static void lack(int call)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof steps / sizeof steps[0], steps};

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void confine_as_for_work(enum confine_role role)
{
	struct text_list paths = {0}, written = {0};

	if (role == CONFINE_OPENER || role == CONFINE_VERIFY)
		text_list_add(&paths, archive);
	if (role == CONFINE_COURIER || role == CONFINE_VERIFY)
		text_list_add(&written, state_folder);
	if (role == CONFINE_SERVE)
		text_list_add(&written, spool);
	if (role != CONFINE_NONE)
		confine_enter_writing(role, &paths, &written);
	text_list_release(&paths);
	text_list_release(&written);
}

static void try_attack(const void *context, int in, int out)
{
	const struct trial *trial = context;
	char answer;

	(void)in;
	if (trial->lacking != NOTHING)
		lack(trial->lacking);
	confine_as_for_work(trial->role);
	answer = trial->attack->succeeds() ? SUCCEEDED : FAILED;
	(void)!write(out, &answer, 1);
}

static bool attack_succeeds_lacking(
	int lacking, enum confine_role role, const struct attack *attack, struct error *refused)
{
	static const struct child_role limits = {.milliseconds = PATIENCE};
	struct trial trial = {role, lacking, attack};
	struct child_end end;
	struct child child;
	char answer = FAILED;
	bool silent;

	*refused = (struct error){0};
	assert_true(child_start(&child, &limits, try_attack, &trial));
	assert_int_equal(poll(&(struct pollfd){child.from, POLLIN, 0}, 1, PATIENCE), 1);
	silent = read(child.from, &answer, 1) == 0;
	while (!child_ended(&child) && !child_late(&child))
		poll(NULL, 0, 1);
	child_unrefused(&child, refused);
	child_finish(&child, &end);
	return answer == SUCCEEDED ||
	       (attack->replaces && silent &&
		       !(end.fate == CHILD_EXITED && end.code == CONFINE_EXIT));
}

static bool attack_succeeds(
	enum confine_role role, const struct attack *attack, struct error *refused)
{
	return attack_succeeds_lacking(NOTHING, role, attack, refused);
}

static const char *const names[CONFINE_ROLES] = {
	[CONFINE_NONE] = "nobody",
	[CONFINE_READER] = "reader",
	[CONFINE_FETCHER] = "fetcher",
	[CONFINE_ATTEMPT] = "attempt",
	[CONFINE_COURIER] = "courier",
	[CONFINE_SERVE] = "serve",
	[CONFINE_OPENER] = "opener",
	[CONFINE_VERIFY] = "verify",
};

/* Says which of the roles can do it, where the kernel lacks that; how many. */
static int able(int lacking, const struct attack *attack, int roles)
{
	struct error refused;
	int count = 0;

	for (size_t role = CONFINE_NONE + 1; role < CONFINE_ROLES; role++) {
		if ((roles & 1 << role) == 0 || !attack_succeeds_lacking(lacking,
							(enum confine_role)role, attack, &refused))
			continue;
		print_message("# %s can %s\n", names[role], attack->name);
		count++;
	}
	return count;
}

static void test_no_role_can_do_what_it_does_not_need(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < ATTACKS; i++)
		wrong += able(NOTHING, &attacks[i], attacks[i].roles);
	assert_int_equal(wrong, 0);
}

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/* One lock stops what it stops though the other is not there: no test of both would see it open. */
static void test_the_filter_alone_stops_calls(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < ATTACKS; i++)
		wrong += able(SYS_landlock_create_ruleset, &attacks[i], attacks[i].filtered);
	assert_int_equal(wrong, 0);
}

static void test_landlock_alone_stops_opening(void **state)
{
	int wrong = 0;

	(void)state;
	if (!has_landlock())
		skip();
	for (size_t i = 0; i < ATTACKS; i++)
		wrong += able(SYS_seccomp, &attacks[i], attacks[i].walled ? attacks[i].roles : 0);
	assert_int_equal(wrong, 0);
}

/* Else the test above would prove nothing. */
static void test_without_confinement_all_of_it_can_be_done(void **state)
{
	struct error refused;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ATTACKS; i++) {
		char *path;

		if (attacks[i].succeeds == read_shadow && access("/etc/shadow", F_OK) != 0) {
			print_message("# there is no /etc/shadow here\n"); /* a bare root */
			continue;
		}
		path = file_join(folder, "made");
		if (!attack_succeeds(CONFINE_NONE, &attacks[i], &refused)) {
			print_message("# not even without: %s\n", attacks[i].name);
			fail();
		}
		assert_int_equal(refused.remedy, 0);
		unlink(path);
		free(path);
		assert_true(file_write(password, "swordfish", 9, 0600, NULL));
	}
}

static void test_a_refused_call_is_named_with_its_role_and_is_our_own_fault(void **state)
{
	static const struct attack attack = {"trace its parent", trace_parent, 0, 0, false, false};
	struct error refused;

	(void)state;
	for (size_t role = CONFINE_NONE + 1; role < CONFINE_ROLES; role++) {
		assert_false(attack_succeeds((enum confine_role)role, &attack, &refused));
		assert_int_equal(refused.remedy, REMEDY_LOCAL);
		assert_non_null(strstr(refused.text, names[role]));
		assert_non_null(strstr(refused.text, "\"ptrace\""));
	}
}

/* As serve, whom nobody looks after. */
static void test_who_has_no_report_says_it_itself(void **state)
{
	char said[256] = "";
	int ends[2], status;
	pid_t process;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	process = fork();
	if (process == 0) {
		dup2(ends[1], STDERR_FILENO);
		confine_enter(CONFINE_SERVE, NULL);
		_exit(confine_refused() || trace_parent() || !confine_refused());
	}
	close(ends[1]);
	assert_true(read(ends[0], said, sizeof said - 1) > 0);
	while (read(ends[0], said + strlen(said), sizeof said - 1 - strlen(said)) > 0)
		;
	close(ends[0]);
	assert_int_equal(waitpid(process, &status, 0), process);
	assert_int_equal(status, 0);
	assert_string_equal(
		said, "lampwatch: the confinement of serve refuses \"ptrace\"; please report it\n");
}

/* ---- what they need, they can do ---- */

static void *answer_yes(void *context)
{
	*(char *)context = SUCCEEDED;
	return NULL;
}

static bool converts(const char *encoding)
{
	iconv_t conversion = iconv_open("UTF-8", encoding);

	return conversion != (iconv_t)-1 && iconv_close(conversion) == 0;
}

static bool read_pages(void)
{
	return raise(SIGWINCH) == 0 && converts("SHIFT_JIS") && converts("KOI8-R") &&
	       converts("GB18030") && converts("WINDOWS-1252");
}

static bool send_messages(void)
{
	pthread_t thread;
	char answer = FAILED;

	return opens("/etc/hosts", O_RDONLY) && opens("/dev/urandom", O_RDONLY) && make_socket() &&
	       pthread_create(&thread, NULL, answer_yes, &answer) == 0 &&
	       pthread_join(thread, NULL) == 0 && answer == SUCCEEDED;
}

/* In a child, which confines itself further, and cannot do what it could before. */
static void attempt(const void *context, int in, int out)
{
	char answer;

	(void)context, (void)in;
	answer = read_database() ? SUCCEEDED : FAILED;
	confine_enter(CONFINE_ATTEMPT, NULL);
	answer = answer == SUCCEEDED && raise(SIGWINCH) == 0 && send_messages() && !read_database()
			 ? SUCCEEDED
			 : FAILED;
	(void)!write(out, &answer, 1);
}

/* As SQLite does beside its database. */
static bool write_records(void)
{
	char *path = memory_format("%s-wal", database);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool done = file >= 0 && pwrite(file, "x", 1, 0) == 1 && fsync(file) == 0 &&
		    fdatasync(file) == 0 && ftruncate(file, 4096) == 0 &&
		    fcntl(file, F_SETLK, &lock) == 0 && unlink(path) == 0 && raise(SIGWINCH) == 0;

	free(path);
	return done;
}

static bool keep_records(void)
{
	static const struct child_role limits = {.milliseconds = PATIENCE};
	char answer = FAILED;
	struct child_end end;
	struct child child;
	bool done = write_records() && child_start(&child, &limits, attempt, NULL);

	if (!done)
		return false;
	poll(&(struct pollfd){child.from, POLLIN, 0}, 1, PATIENCE);
	done = read(child.from, &answer, 1) == 1 && answer == SUCCEEDED;
	child_finish(&child, &end);
	return done && end.fate == CHILD_EXITED && end.code == 0;
}

static bool prove(void)
{
	char *path = file_join(archive, "index.html");
	bool done =
		opens(path, O_RDONLY) && opens(archive, O_RDONLY | O_DIRECTORY) && write_records();

	free(path);
	return done;
}

/* A file appears whole. */
static bool keep_request(void)
{
	char *path = file_join(spool, "request");
	bool done = file_write(path, "subscribe?", 10, 0600, NULL) && opens(path, O_RDONLY) &&
		    unlink(path) == 0;

	free(path);
	return done;
}

static bool answer_requests(void)
{
	pthread_t thread;
	char answer = FAILED;

	return pthread_create(&thread, NULL, answer_yes, &answer) == 0 &&
	       pthread_join(thread, NULL) == 0 && answer == SUCCEEDED && keep_request();
}

static void test_each_role_can_do_its_work(void **state)
{
	static const struct attack work[CONFINE_ROLES] = {
		[CONFINE_READER] = {"read pages", read_pages, 0, 0, false, false},
		[CONFINE_FETCHER] = {"fetch pages", send_messages, 0, 0, false, false},
		[CONFINE_ATTEMPT] = {"send messages", send_messages, 0, 0, false, false},
		[CONFINE_COURIER] = {"keep records and begin attempts", keep_records, 0, 0, false,
			false},
		[CONFINE_SERVE] = {"answer requests", answer_requests, 0, 0, false, false},
		[CONFINE_OPENER] = {"open the archive", read_archive, 0, 0, false, false},
		[CONFINE_VERIFY] = {"prove an archive", prove, 0, 0, false, false},
	};

	(void)state;
	for (size_t role = CONFINE_NONE + 1; role < CONFINE_ROLES; role++) {
		struct error refused;
		bool done = attack_succeeds((enum confine_role)role, &work[role], &refused);

		if (!done || refused.remedy != 0)
			print_message("# %s: %s\n", names[role], refused.text);
		assert_true(done);
		assert_int_equal(refused.remedy, 0);
	}
}

/* ---- the rest ---- */

static bool limits_hold(void)
{
	struct rlimit core, files;

	return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 &&
	       getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max <= 2048;
}

static void test_limits(void **state)
{
	static const struct attack limits = {"see its limits", limits_hold, 0, 0, false, false};
	struct error refused;

	(void)state;
	assert_true(attack_succeeds(CONFINE_ATTEMPT, &limits, &refused));
}

static void test_what_is_in_force_is_said_in_eighty_columns(void **state)
{
	struct buffer table = {0};
	const char *line;

	(void)state;
	confine_describe(&table);
	line = buffer_string(&table);
	for (size_t role = CONFINE_NONE + 1; role < CONFINE_ROLES; role++)
		assert_non_null(strstr(line, names[role]));
	while (*line != '\0') {
		size_t length = strcspn(line, "\n");

		assert_true(length <= CONFINE_WIDTH);
		line += length + (line[length] != '\0');
	}
	buffer_release(&table);
}

static int make_folder(void **state)
{
	char *index, *request;
	static char template[] = "/tmp/lampwatch-confine-XXXXXX";

	(void)state;
	folder = mkdtemp(template);
	archive = file_join(folder, "archive");
	state_folder = file_join(archive, ".state");
	spool = file_join(state_folder, "spool");
	database = file_join(state_folder, "lampwatch.db");
	password = file_join(folder, "password");
	index = file_join(archive, "index.html");
	request = file_join(spool, "there");
	if (mkdir(archive, 0755) != 0 || mkdir(state_folder, 0700) != 0 ||
		mkdir(spool, 0700) != 0 || !file_write(database, "database", 8, 0600, NULL) ||
		!file_write(password, "swordfish", 9, 0600, NULL) ||
		!file_write(request, "confirm?", 8, 0600, NULL) ||
		!file_write(index, "<html>", 6, 0644, NULL))
		return -1;
	free(index);
	free(request);
	return 0;
}

static int remove_folder(void **state)
{
	char *command = memory_format("rm -rf '%s'", folder);
	int status = system(command);

	(void)state;
	free(command);
	free(archive);
	free(state_folder);
	free(spool);
	free(database);
	free(password);
	return status;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_role_can_do_what_it_does_not_need),
		cmocka_unit_test(test_the_filter_alone_stops_calls),
		cmocka_unit_test(test_landlock_alone_stops_opening),
		cmocka_unit_test(test_without_confinement_all_of_it_can_be_done),
		cmocka_unit_test(test_a_refused_call_is_named_with_its_role_and_is_our_own_fault),
		cmocka_unit_test(test_who_has_no_report_says_it_itself),
		cmocka_unit_test(test_each_role_can_do_its_work),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_what_is_in_force_is_said_in_eighty_columns),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
