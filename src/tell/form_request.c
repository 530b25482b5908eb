/* SPDX-License-Identifier: ISC */
#include "tell/form_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/text.h"
#include "config/config.h"
#include "model/event.h"
#include "model/level.h"
#include "tell/page_set.h"

enum {
	TOKEN_BYTES_MAX = 64,
	FLOOR_DEFAULT = LEVEL_DEGRADED,
	LINK_PAGES = 20, /* named in a link: mail readers break long ones */
};

static const char *const names[FORMS] = {
	[FORM_SUBSCRIBE] = "subscribe",
	[FORM_CONFIRM] = "confirm",
	[FORM_MANAGE] = "manage",
	[FORM_UNSUBSCRIBE] = "unsubscribe",
};

const char *form_name(enum form form)
{
	return names[form];
}

bool form_find(const char *name, enum form *form)
{
	for (int i = 0; i < FORMS; i++)
		if (text_equal(name, names[i])) {
			*form = (enum form)i;
			return true;
		}
	return false;
}

/* ---- fields: false where a value can be none ---- */

static void replace(char **text, const char *value)
{
	free(*text);
	*text = memory_string(value);
}

/* People paste addresses with blanks around them. */
static bool take_mail(struct form_request *request, const char *value)
{
	char *mail = text_collapse(value, strlen(value), FORM_REQUEST_MAX);

	replace(&request->mail, mail);
	free(mail);
	return request->mail[0] == '\0' || config_address_valid(request->mail);
}

static bool take_token(struct form_request *request, const char *value)
{
	replace(&request->token, value);
	return strlen(value) <= TOKEN_BYTES_MAX;
}

static bool take_page(struct form_request *request, const char *value)
{
	if (!text_is_name(value))
		return false;
	if (!text_list_has(&request->pages, value))
		text_list_add(&request->pages, value);
	return true;
}

static bool take_set(struct form_request *request, const char *value)
{
	replace(&request->set, value);
	return value[strspn(value, "0123456789abcdef")] == '\0';
}

static bool take_boxes(struct form_request *request, const char *value)
{
	(void)value;
	request->boxes = true;
	return true;
}

static bool take_on(struct form_request *request, const char *value)
{
	int word = config_wanted_parse(value);

	request->on |= word;
	return word != 0;
}

static bool take_floor(struct form_request *request, const char *value)
{
	enum level level;

	if (!level_parse(value, &level) || level < LEVEL_DEGRADED || level > LEVEL_MAJOR_OUTAGE)
		return false;
	request->floor = level;
	return true;
}

static const struct {
	const char *name;
	bool (*take)(struct form_request *request, const char *value);
} fields[] = {
	{"mail", take_mail},
	{"token", take_token},
	{"page", take_page},
	{"set", take_set},
	{"boxes", take_boxes},
	{"on", take_on},
	{"floor", take_floor},
};

/* ---- the text ---- */

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* In place. False where it is no text. */
static bool decode(char *text)
{
	char *out = text;

	for (const char *from = text; *from != '\0'; from++) {
		int high = *from == '%' ? digit(from[1]) : -1,
		    low = high >= 0 ? digit(from[2]) : -1;

		*out = *from == '+' ? ' ' : *from;
		if (low >= 0) {
			*out = (char)(high << 4 | low);
			from += 2;
		}
		if ((unsigned char)*out < 0x20 || *out == 0x7f)
			return false;
		out++;
	}
	*out = '\0';
	return text_valid(text, (size_t)(out - text));
}

static bool take_field(struct form_request *request, char *name)
{
	char *value = strchr(name, '=');

	if (value != NULL)
		*value++ = '\0';
	if (!decode(name) || (value != NULL && !decode(value)))
		return false;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (text_equal(name, fields[i].name))
			return fields[i].take(request, value != NULL ? value : "");
	return true;
}

bool form_request_parse(const char *text, size_t length, struct form_request *request)
{
	char *copy = memory_bytes(text, length), *rest = copy, *form, *field;
	size_t count = 0;
	bool good;

	*request = (struct form_request){.mail = memory_string(""),
		.token = memory_string(""),
		.set = memory_string(""),
		.floor = FLOOR_DEFAULT};
	good = length <= FORM_REQUEST_MAX && strlen(copy) == length;
	form = strsep(&rest, "?");
	good = good && form_find(form, &request->form);
	while (good && (field = strsep(&rest, "&")) != NULL)
		good = ++count <= FORM_FIELDS_MAX && take_field(request, field);
	free(copy);
	return good;
}

void form_request_release(struct form_request *request)
{
	free(request->mail);
	free(request->token);
	free(request->set);
	text_list_release(&request->pages);
	*request = (struct form_request){0};
}

/* ---- links ---- */

char *form_link(const char *site_url, enum form form, const char *token)
{
	return memory_format("%s/%s%s%s", site_url, names[form], token != NULL ? "?token=" : "",
		token != NULL ? token : "");
}

/* Names, words and levels need no escapes; what another word brings need not be said. */
void form_add_choice(const struct config *config, const struct text_list *pages, int on, int floor,
	struct buffer *link)
{
	bool many = pages->count > LINK_PAGES;

	for (size_t i = 0; i < pages->count && !many; i++)
		buffer_format(link, "&page=%s", pages->list[i]);
	if (many) {
		buffer_text(link, "&set=");
		page_set_write(config, pages, link);
	}
	for (int i = 0; i < EVENT_TYPES; i++)
		if (config_wanted_parse(event_types[i].name) != 0 && (on & 1 << i) != 0 &&
			(on & event_types[i].with) == 0)
			buffer_format(link, "&on=%s", event_types[i].name);
	buffer_format(link, "&floor=%s", level_name((enum level)floor));
}

/* ---- in a reader ---- */

enum { ANSWER_MAX = 2 * FORM_REQUEST_MAX, ANSWER_TEXTS = 4 };

/* Form, bits of `on:` and floor; mail; token; pages: each ended by a NUL. */
static bool answer(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	struct form_request request;
	char *pages, numbers[64];

	(void)count;
	if (!form_request_parse(parts[0].bytes, parts[0].length, &request)) {
		form_request_release(&request);
		return error_set(error, REMEDY_PAGE, "it is not what a form sends");
	}
	pages = text_list_words(&request.pages);
	snprintf(numbers, sizeof numbers, "%d %d %d", (int)request.form, request.on, request.floor);
	for (size_t i = 0; i < ANSWER_TEXTS; i++) {
		const char *text =
			(const char *const[]){numbers, request.mail, request.token, pages}[i];

		buffer_add(out, text, strlen(text) + 1);
	}
	free(pages);
	form_request_release(&request);
	return true;
}

/* The answer's numbers, each in its bounds. */
static bool take_numbers(const char *text, struct form_request *request)
{
	int form, end = 0;

	if (sscanf(text, "%9d %9d %9d%n", &form, &request->on, &request->floor, &end) != 3 ||
		text[end] != '\0' || form < 0 || form >= FORMS)
		return false;
	request->form = (enum form)form;
	return request->on >= 0 && request->floor >= LEVEL_DEGRADED &&
	       request->floor <= LEVEL_MAJOR_OUTAGE;
}

static bool take_answer(const char *bytes, size_t length, struct form_request *request)
{
	const char *texts[ANSWER_TEXTS], *end = bytes + length;
	bool good;

	*request = (struct form_request){0};
	for (size_t i = 0; i < ANSWER_TEXTS; i++) {
		texts[i] = bytes;
		bytes = bytes < end ? memchr(bytes, '\0', (size_t)(end - bytes)) : NULL;
		if (bytes++ == NULL)
			return false;
	}
	request->mail = memory_string(texts[1]);
	request->token = memory_string(texts[2]);
	request->set = memory_string("");
	text_list_add_words(&request->pages, texts[3]);
	good = bytes == end && take_numbers(texts[0], request) &&
	       (text_empty(texts[1]) || config_address_valid(texts[1])) &&
	       request->pages.count <= FORM_FIELDS_MAX;
	for (size_t i = 0; i < request->pages.count; i++)
		good = good && text_is_name(request->pages.list[i]);
	return good;
}

static bool sound(const char *bytes, size_t length)
{
	struct form_request request;
	bool good = take_answer(bytes, length, &request);

	form_request_release(&request);
	return good;
}

bool form_request_read(struct readers *readers, const char *text, size_t length,
	struct form_request *request, struct error *error)
{
	static const struct reader_work work = {NULL, answer, sound, ANSWER_MAX};
	const struct reader_part form = {.bytes = text, .length = length};
	const struct reader_job job = {&work, &form, 1, READER_MILLISECONDS, NULL, NULL};
	char *bytes = readers_ask(readers, &job, &length, error);

	*request = (struct form_request){0};
	if (bytes != NULL)
		take_answer(bytes, length, request);
	free(bytes);
	return bytes != NULL;
}
