/* SPDX-License-Identifier: ISC */
#include "servers/server.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "settings.h"

static void fail(const char *what)
{
	fprintf(stderr, "test server: %s\n", what);
	abort();
}

static char *read_whole(const struct server *server, const char *name)
{
	struct buffer text = {0};
	char *path = file_join(server->folder, name);

	if (!file_absent(path) && !file_read(path, &text, NULL))
		fail(path);
	free(path);
	return buffer_take(&text);
}

static void run(const struct server *server, pid_t parent)
{
	char *root = file_join(server->folder, "root"), *posts = file_join(server->folder, "posts");
	char *log = file_join(server->folder, "log"), *port = file_join(server->folder, "port");
	const char *arguments[] = {
		"http-server",
		"--root",
		root,
		"--posts",
		posts,
		"--log",
		log,
		"--port-file",
		port,
		"--lifetime",
		"120",
		server->certificate != NULL ? "--tls" : NULL,
		server->certificate,
		NULL,
	};

	if (getppid() == parent)
		execv(LAMPWATCH_BUILD "/tests/http-server", (char **)arguments);
	_exit(127);
}

/* What a user's environment says about proxies and certificates is not for tests. */
static void environment_clear(void)
{
	static const char *const foreign[] = {
		"CURL_CA_BUNDLE",
		"SSL_CERT_FILE",
		"http_proxy",
		"https_proxy",
		"HTTPS_PROXY",
		"all_proxy",
		"ALL_PROXY",
		"no_proxy",
		"NO_PROXY",
	};

	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		unsetenv(foreign[i]);
}

void server_start(struct server *server, bool tls)
{
	char folder[] = "/tmp/lampwatch-test-XXXXXX";
	static const char *const inner[] = {"root", "posts"};
	pid_t parent = getpid();

	environment_clear();
	*server = (struct server){0};
	if (mkdtemp(folder) == NULL)
		fail("mkdtemp");
	server->folder = memory_string(folder);
	server->certificate = tls ? file_join(folder, "certificate.pem") : NULL;
	for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
		char *path = file_join(folder, inner[i]);

		if (!file_make_folders(path, 0700, NULL))
			fail(path);
		free(path);
	}
	server->pid = fork();
	if (server->pid == 0)
		run(server, parent);
	for (int i = 0; server->port == 0 && i < 1000; i++) {
		char *port = read_whole(server, "port");

		server->port = atoi(port);
		free(port);
		usleep(10000);
	}
	if (server->pid < 0 || server->port == 0)
		fail("http-server did not start");
}

void server_stop(struct server *server)
{
	int status = 0;

	if (kill(server->pid, SIGTERM) != 0 || waitpid(server->pid, &status, 0) != server->pid ||
		!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
		fail("http-server had ended before it was stopped");
	if (!file_remove_tree(server->folder, NULL))
		fail(server->folder);
	free(server->folder);
	free(server->certificate);
	*server = (struct server){0};
}

void server_put(const struct server *server, const char *name, const char *text)
{
	char *path = memory_format("%s/root/%s", server->folder, name), *folder = file_folder(path);

	if (!file_make_folders(folder, 0700, NULL) ||
		!file_write(path, text, strlen(text), 0644, NULL))
		fail(path);
	free(folder);
	free(path);
}

char *server_url(const struct server *server, const char *rest)
{
	return memory_format("%s:%d%s",
		server->certificate != NULL ? "https://localhost" : "http://127.0.0.1",
		server->port, rest);
}

char *server_log(const struct server *server)
{
	return read_whole(server, "log");
}

size_t server_count(const struct server *server, const char *start)
{
	char *log = server_log(server);
	size_t count = 0;

	for (const char *line = log; *line != '\0'; line += strcspn(line, "\n") + 1)
		count += strncmp(line, start, strlen(start)) == 0;
	free(log);
	return count;
}

char *server_post(const struct server *server, unsigned n)
{
	char name[32];

	snprintf(name, sizeof name, "posts/%06u", n);
	return read_whole(server, name);
}

int server_free_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(descriptor, (const struct sockaddr *)&address, sizeof address) != 0 ||
		getsockname(descriptor, (struct sockaddr *)&address, &length) != 0)
		fail("no free port");
	close(descriptor);
	return ntohs(address.sin_port);
}
