/* SPDX-License-Identifier: ISC */
#include "servers/sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "settings.h"

enum { DAY = 24 * 60 * 60, START_MILLISECONDS = 5000, MAILS_MAX = 10000 };

static void fail(const char *what)
{
	fprintf(stderr, "mail sink: %s\n", what);
	abort();
}

static void add_alternative_name(X509 *certificate, const char *name)
{
	struct in6_addr address;
	bool is_address =
		inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
	char *value = memory_format("%s:%s", is_address ? "IP" : "DNS", name);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, value);

	if (extension == NULL || X509_add_ext(certificate, extension, -1) != 1)
		fail("certificate");
	X509_EXTENSION_free(extension);
	free(value);
}

void certificate_make(const char *path, const char *name, int days)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	FILE *file = fopen(path, "w");

	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_set_version(certificate, 2);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -10L * DAY);
	X509_gmtime_adj(X509_getm_notAfter(certificate), (long)days * DAY);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(
		subject, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(certificate, subject);
	add_alternative_name(certificate, name);
	if (file == NULL || X509_sign(certificate, key, EVP_sha256()) == 0 ||
		PEM_write_X509(file, certificate) != 1 ||
		PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 ||
		fclose(file) != 0)
		fail(path);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static char *read_whole(const struct sink *sink, const char *name)
{
	struct buffer text = {0};
	char *path = file_join(sink->folder, name);

	if (!file_absent(path) && !file_read(path, &text, NULL))
		fail(path);
	free(path);
	return buffer_take(&text);
}

static _Noreturn void run(
	const struct sink *sink, enum sink_tls tls, const char *name, pid_t parent)
{
	static const char *const words[] = {"none", "starttls", "implicit"};
	char *mails = file_join(sink->folder, "mails"), *script = file_join(sink->folder, "script");
	char *log = file_join(sink->folder, "log"), *port = file_join(sink->folder, "port");
	const char *arguments[] = {
		"smtp-server",
		"--mails",
		mails,
		"--script",
		script,
		"--log",
		log,
		"--port-file",
		port,
		"--tls",
		words[tls],
		"--cert",
		sink->certificate,
		"--address",
		strchr(name, ':') != NULL ? "::1" : "127.0.0.1",
		"--lifetime",
		"300",
		NULL,
	};

	if (getppid() == parent)
		execv(LAMPWATCH_BUILD "/tests/smtp-server", (char **)arguments);
	_exit(127);
}

void sink_start(struct sink *sink, enum sink_tls tls, const char *name, int days)
{
	char folder[] = "/tmp/lampwatch-sink-XXXXXX";
	pid_t parent = getpid();
	char *mails, *port;

	*sink = (struct sink){.tls = tls};
	if (mkdtemp(folder) == NULL)
		fail("mkdtemp");
	sink->folder = memory_string(folder);
	sink->certificate = file_join(folder, "certificate.pem");
	certificate_make(sink->certificate, name, days);
	mails = file_join(folder, "mails");
	if (!file_make_folders(mails, 0755, NULL))
		fail(mails);
	free(mails);
	sink->pid = fork();
	if (sink->pid == 0)
		run(sink, tls, name, parent);
	for (int waited = 0; sink->port == 0; waited += 10) {
		if (waited >= START_MILLISECONDS || waitpid(sink->pid, NULL, WNOHANG) != 0)
			fail("smtp-server does not start");
		usleep(10000);
		port = read_whole(sink, "port");
		sink->port = atoi(port);
		free(port);
	}
}

void sink_stop(struct sink *sink)
{
	kill(sink->pid, SIGTERM);
	waitpid(sink->pid, NULL, 0);
	file_remove_tree(sink->folder, NULL);
	free(sink->folder);
	free(sink->certificate);
	*sink = (struct sink){0};
}

void sink_script(const struct sink *sink, const char *script)
{
	char *path = file_join(sink->folder, "script");

	if (!file_write(path, script, strlen(script), 0644, NULL))
		fail(path);
	free(path);
}

char *sink_mail(const struct sink *sink, size_t number)
{
	char *name = memory_format("mails/%06zu.eml", number);
	char *mail = read_whole(sink, name);

	free(name);
	return mail;
}

size_t sink_count(const struct sink *sink)
{
	size_t count = 0;

	while (count < MAILS_MAX) {
		char *mail = sink_mail(sink, count + 1);
		bool there = mail[0] != '\0';

		free(mail);
		if (!there)
			break;
		count++;
	}
	return count;
}

char *sink_log(const struct sink *sink)
{
	return read_whole(sink, "log");
}

bool sink_has_ipv6(void)
{
	struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int descriptor = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = descriptor >= 0 && bind(descriptor, (struct sockaddr *)&name, sizeof name) == 0;

	close(descriptor);
	return has;
}
