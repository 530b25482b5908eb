/* SPDX-License-Identifier: ISC
 *
 * What forms send, and what lies in the spool: whatever it is, what is taken of it can stand in a
 * mail, in a database and on the form's page.
 */
#include "tell/form_request.h"

#include "base/buffer.h"
#include "base/list.h"
#include "base/text.h"
#include "config/config.h"
#include "fuzz.h"
#include "model/level.h"
#include "net/client.h"
#include "tell/page_set.h"

static void check_request(const struct form_request *request)
{
	MUST(request->form < FORMS && request->on >= 0);
	MUST(request->mail[0] == '\0' || config_address_valid(request->mail));
	MUST(text_valid(request->token, strlen(request->token)));
	MUST(strpbrk(request->token, "\r\n\x7f") == NULL);
	MUST(request->floor >= LEVEL_DEGRADED && request->floor <= LEVEL_MAJOR_OUTAGE);
	MUST(request->pages.count <= FORM_FIELDS_MAX);
	for (size_t i = 0; i < request->pages.count; i++)
		MUST(text_is_name(request->pages.list[i]));
}

/* The same text as X-Forwarded-For, from a proxy that is trusted. */
static void check_client(const char *text)
{
	static char proxy[] = "127.0.0.1", network[] = "10.0.0.0/8";
	char *trusted[] = {proxy, network}, *lines[] = {(char *)text}, client[CLIENT_TEXT];
	struct text_list networks = {trusted, 2}, forwarded = {lines, 1};

	client_of(&networks, "127.0.0.1", &forwarded, client);
	MUST(strlen(client) < CLIENT_TEXT && client[0] != '\0');
	client_network(text, client);
	MUST(strlen(client) < CLIENT_TEXT && client[0] != '\0');
	client_network_valid(text);
}

/* The digest is right, so that what stands behind it counts. */
static void check_set(const char *text)
{
	static char one[] = "one", two[] = "two";
	static struct page_config pages[] = {{.name = one}, {.name = two}};
	static const struct config config = {.pages = pages, .page_count = 2};
	struct text_list names = {0};
	struct buffer set = {0};

	page_set_write(&config, &names, &set);
	set.data[set.length - 1] = text[0] != '\0' ? text[0] : '0';
	if (page_set_read(&config, buffer_string(&set), &names))
		MUST(strchr("0123456789abcdef", text[0]) != NULL);
	MUST(names.count <= config.page_count);
	page_set_read(&config, text, &names);
	MUST(names.count <= 2 * config.page_count);
	buffer_release(&set);
	text_list_release(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct form_request request;
	char *text = fuzz_text(data, size), *string = fuzz_string(data, size);

	if (form_request_parse(text, size, &request))
		check_request(&request);
	form_request_release(&request);
	check_client(string);
	check_set(string);
	free(text);
	free(string);
	return 0;
}
