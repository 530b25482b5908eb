/* SPDX-License-Identifier: ISC
 *
 * Requests to serve: the first line is the path, each of the others a header, but for one that
 * begins with '=', which is the body of a POST. Nobody gets a file that is hidden or lies
 * elsewhere, more of one than there is, or an answer for another host; a form's page holds no
 * script, whatever is sent.
 */
#include "cmd/serve_file.h"

#include <strings.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/serve_form.h"
#include "cmd/serve_opener.h"
#include "config/config.h"
#include "fuzz.h"
#include "net/client.h"

#define MAY_BE_HAD "public"

static const char *const folders[] = {"one", "one/2014", ".state", ".state/spool"};
static const struct {
	const char *path, *text;
} files[] = {{"index.html", MAY_BE_HAD}, {"one/index.html", MAY_BE_HAD " one"},
	{"one/2014/body", MAY_BE_HAD " body"}, {"one/chain", MAY_BE_HAD " chain"},
	{".state/secret", "secret"}, {"one/.hidden", "secret"}};

static void make_archive(void)
{
	const char *archive = fuzz_folder();
	int folder = open(archive, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		MUST(mkdirat(folder, folders[i], 0700) == 0);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char *path = memory_format("%s/%s", archive, files[i].path);

		fuzz_write(path, files[i].text, strlen(files[i].text));
		free(path);
	}
	MUST(symlinkat(".state", folder, "link") == 0);
	MUST(symlinkat("../.state/secret", folder, "one/link") == 0);
	close(folder);
}

/* The request's lines; the last is NULL. */
enum { LINES_MAX = 32 };

static const char *header(const struct http_query *query, const char *name)
{
	const char *const *lines = query->connection;
	size_t length = strlen(name);

	for (; *lines != NULL; lines++)
		if (strncasecmp(*lines, name, length) == 0 && (*lines)[length] == ':')
			return *lines + length + 1 + strspn(*lines + length + 1, " ");
	return NULL;
}

static void headers(const struct http_query *query, const char *name, struct text_list *values)
{
	const char *value = header(query, name);

	if (value != NULL)
		text_list_add(values, value);
}

static struct serve_forms make_forms(void)
{
	static const char text[] =
		"archive: archive\nfrom: a@b.example\nmail_in: a@b.example\nsubscribe: true\n"
		"site_url: https://status.example.org/\ntrusted_proxies: 127.0.0.1\npages:\n"
		"  - {name: one, url: \"https://status.example.com/\", kind: statuspage}\n";
	struct problems problems = {0};
	struct serve_forms forms = {
		.config = config_parse("lampwatch.yaml", text, strlen(text), &problems),
		.templates = file_templates(),
		.spool = memory_format("%s/.state/spool", fuzz_folder()),
		.counts = client_counts_new()};

	MUST(forms.config != NULL);
	problems_release(&problems);
	return forms;
}

static void check_form(const struct http_answer *answer)
{
	static const char *const never[] = {"<script", "<iframe", "<img", "javascript:"};

	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		MUST(strstr(answer->made, never[i]) == NULL);
	MUST(strstr(answer->made, "</html>") != NULL);
	free(answer->made);
}

static void check_file(const struct http_answer *answer)
{
	char begin[sizeof MAY_BE_HAD] = "";
	struct stat status;

	MUST(fstat(answer->file, &status) == 0 && S_ISREG(status.st_mode));
	MUST(pread(answer->file, begin, sizeof begin - 1, 0) > 0 && text_equal(begin, MAY_BE_HAD));
	MUST(answer->offset <= (uint64_t)status.st_size &&
		answer->length <= (uint64_t)status.st_size - answer->offset);
	MUST(answer->status == 200 || answer->status == 206 ||
		((answer->status == 304 || answer->status == 416) && answer->length == 0));
	MUST(answer->status != 206 || answer->length > 0);
	close(answer->file);
}

static void check_answer(const struct http_answer *answer, const char *host)
{
	static const char *const ours[] = {"localhost", "127.0.0.1", "status.example.org"};
	bool known = false;

	for (size_t i = 0; host != NULL && i < sizeof ours / sizeof *ours; i++)
		known = known ||
			strncasecmp(host + (host[0] == '['), ours[i], strlen(ours[i])) == 0;
	MUST(known || answer->status == 421);
	for (size_t i = 0; i < answer->count; i++)
		for (const char *c = answer->headers[i].value; *c != '\0'; c++)
			MUST((unsigned char)*c >= 0x20 && *c != 0x7f);
	if (answer->file >= 0)
		check_file(answer);
	else if (answer->made != NULL)
		check_form(answer);
	else
		MUST(answer->status >= 300 && answer->text != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct serve_forms forms;
	static struct child opener;
	char *text = fuzz_string(data, size), *rest = text, *line;
	const char *lines[LINES_MAX + 1] = {0};
	static char own[] = "status.example.org";
	char *names[] = {own};
	struct text_list hosts = {names, 1};
	struct http_query query = {.path = strsep(&rest, "\n"),
		.header = header,
		.connection = lines,
		.headers = headers,
		.search = "",
		.peer = "127.0.0.1"};
	char *search;
	struct http_answer answer = {.file = -1};

	for (size_t i = 0; i < LINES_MAX && (line = strsep(&rest, "\n")) != NULL; i++) {
		lines[i] = line;
		if (line[0] == '=')
			query.body = line + 1;
	}
	search = strchr(query.path, '?');
	if (search != NULL) {
		*search = '\0';
		query.search = search + 1;
	}
	if (opener.process == 0) {
		struct error error;

		make_archive();
		MUST(serve_opener_start(&opener, fuzz_folder(), &error));
		forms = make_forms();
	}
	serve_answer(&(struct served){&opener, "127.0.0.1:8014", &hosts, "'none'", &forms}, &query,
		&answer);
	check_answer(&answer, header(&query, "Host"));
	free(text);
	return 0;
}
