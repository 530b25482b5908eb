/* SPDX-License-Identifier: ISC
 *
 * Runs a command and says what it cost.
 *
 *   bench-measure FILE COMMAND [WORD…]
 *
 * Adds a line to FILE: seconds of wall, seconds of CPU (of the command and all its children), the
 * command's own peak of resident memory in kilobytes, its exit status. Separated by blanks.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void fail(const char *what)
{
	fprintf(stderr, "bench-measure: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* The peak of that one process, which rusage mixes with its children's. */
static long peak_memory(pid_t process)
{
	char path[64], line[256];
	long peak = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)process);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			peak = strtol(line + 6, NULL, 10);
	if (file != NULL)
		fclose(file);
	return peak;
}

/* The kernel stops the command on its way out, while its memory can still be asked for. */
static long watch(pid_t process, int *status, struct rusage *usage)
{
	long peak = 0;

	while (wait4(process, status, 0, usage) == process && WIFSTOPPED(*status)) {
		int signal = WSTOPSIG(*status);

		if (*status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
			peak = peak_memory(process);
		if (signal == SIGTRAP) {
			ptrace(PTRACE_SETOPTIONS, process, NULL, (void *)PTRACE_O_TRACEEXIT);
			signal = 0;
		}
		ptrace(PTRACE_CONT, process, NULL, (void *)(long)signal);
	}
	return peak;
}

int main(int argc, char **argv)
{
	struct rusage usage = {0};
	double began = now(), wall;
	int status = 0;
	pid_t process;
	long peak;
	FILE *out;

	if (argc < 3)
		return 125;
	process = fork();
	if (process == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (process < 0)
		fail("no process can be made");
	peak = watch(process, &status, &usage);
	wall = now() - began;
	out = fopen(argv[1], "a");
	if (out == NULL)
		fail(argv[1]);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	fprintf(out, "%.4f %.4f %ld %d\n", wall, seconds(usage.ru_utime) + seconds(usage.ru_stime),
		peak, status);
	fclose(out);
	return status;
}
