/* SPDX-License-Identifier: ISC
 *
 * A reader that something on a page has taken over: in place of its work it answers with the input.
 * What is believed of it is one reading or one error of the page, whose texts have an end, and the
 * next page is read by another. The first byte says whether it stays.
 */
#define fork_server_fork fork_server_fork_real
#include "base/child.c"
#undef fork_server_fork

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"
#include "fuzz.h"
#include "model/validator.h"
#include "watch/kind/kind.h"
#include "watch/page_reader.h"

enum { MILLISECONDS = 5 /* of the processor, and some more of the clock, for one that stays */ };

static const uint8_t *said;
static size_t said_size;

bool fork_server_fork(struct fork_server *server, struct child *child,
	const struct child_role *role, child_work *work, int input);

static void say(const void *context, int in, int out)
{
	char block[4096];

	(void)context;
	if (said_size > 1)
		(void)file_write_all(out, said + 1, said_size - 1);
	while (said_size > 0 && said[0] % 2 == 1 && read(in, block, sizeof block) > 0)
		;
}

bool fork_server_fork(struct fork_server *server, struct child *child,
	const struct child_role *role, child_work *work, int input)
{
	(void)server, (void)work, (void)input;
	return child_start(child, role, say, NULL);
}

static void done(void *context, const char *bytes, size_t length, const struct error *error)
{
	bool *ended = context;

	MUST(!*ended && (bytes == NULL) == (error != NULL));
	*ended = true;
	if (bytes != NULL) {
		struct page_answer answer = page_answer_of(bytes, length);

		MUST(strlen(answer.text) == answer.length &&
			strlen(answer.notes) <= PAGE_NOTES_MAX);
	} else {
		MUST((error->remedy == REMEDY_PAGE || error->remedy == REMEDY_LOCAL) &&
			text_valid(error->text, strnlen(error->text, ERROR_TEXT_MAX)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char page[] = "{\"components\":[]}";
	static struct kind *kind;
	struct document documents[PAGE_DOCUMENTS_MAX] = {{page, sizeof page - 1}};
	struct problems problems = {0};
	struct fork_server server = {0};
	struct readers *readers;
	bool ended = false;

	if (kind == NULL) {
		char *templates = file_templates(),
		     *path = file_join(templates, "pages/statuspage.yaml");

		kind = kind_load(path, (struct node){0}, &problems);
		MUST(kind != NULL);
		signal(SIGPIPE, SIG_IGN); /* as main() has it */
		free(path);
		free(templates);
	}
	said = data;
	said_size = size;
	readers = readers_new(&server, 1);
	page_submit(readers, kind, "https://status.example.com/", documents, MILLISECONDS, done,
		&ended);
	while (readers_collect(readers) > 0) {
		struct pollfd polls[READERS_POLLS_MAX];

		poll(polls, (nfds_t)readers_polls(readers, polls), 1);
	}
	MUST(ended);
	readers_free(readers);
	return 0;
}
