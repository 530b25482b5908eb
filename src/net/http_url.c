/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/address.h"
#include "net/http_p.h"

char *http_url_part(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL, *copy;

	if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
		return NULL;
	copy = memory_string(text);
	curl_free(text);
	return copy;
}

/* libcurl decodes a host once, and once more what it was itself told to write: with a % left it
 * would name another one. None has one. */
static bool is_http(CURLU *url)
{
	char *scheme = http_url_part(url, CURLUPART_SCHEME, 0),
	     *host = http_url_part(url, CURLUPART_HOST, 0);
	bool good = scheme != NULL &&
		    (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0) &&
		    (host == NULL || strchr(host, '%') == NULL);

	free(host);
	free(scheme);
	return good;
}

/* A number that was percent-encoded, such as "%33", libcurl takes for a name, and for an address
 * once it has written it. */
static bool is_stable(CURLU *url)
{
	char *whole = http_url_part(url, CURLUPART_URL, 0),
	     *host = http_url_part(url, CURLUPART_HOST, 0), *again = NULL;
	CURLU *second = http_required(curl_url());
	bool same;

	if (whole != NULL && curl_url_set(second, CURLUPART_URL, whole, 0) == CURLUE_OK)
		again = http_url_part(second, CURLUPART_HOST, 0);
	same = text_equal(host, again);
	curl_url_cleanup(second);
	free(whole);
	free(host);
	free(again);
	return same;
}

CURLU *http_url_parse(const char *text)
{
	CURLU *url = http_required(curl_url());

	if (curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK && is_http(url) &&
		(strchr(text, '%') == NULL || is_stable(url)))
		return url;
	curl_url_cleanup(url);
	return NULL;
}

char *http_url_escape(const char *text)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	struct buffer out = {0};

	for (; *text != '\0'; text++)
		if (strchr(unreserved, *text) != NULL)
			buffer_byte(&out, *text);
		else
			buffer_format(&out, "%%%02X", (unsigned char)*text);
	return buffer_take(&out);
}

char *http_url_key(const char *text, unsigned flags)
{
	CURLU *url = http_url_parse(text);
	char *scheme, *host, *port, *origin = NULL, *lower = NULL;

	if (url == NULL)
		return NULL;
	scheme = http_url_part(url, CURLUPART_SCHEME, 0);
	host = http_url_part(url, CURLUPART_HOST, 0);
	port = http_url_part(url, CURLUPART_PORT, flags);
	if (scheme != NULL && host != NULL) {
		origin = memory_format("%s://%s%s%s", scheme, host, port != NULL ? ":" : "",
			port != NULL ? port : "");
		lower = text_lower(origin);
	}
	free(origin);
	free(scheme);
	free(host);
	free(port);
	curl_url_cleanup(url);
	return lower;
}

char *http_url_origin(const char *url)
{
	char *origin = http_url_key(url, CURLU_NO_DEFAULT_PORT);

	return origin != NULL ? origin : memory_string("(no URL)");
}

char *http_url_public(const char *text)
{
	static const CURLUPart secrets[] = {
		CURLUPART_USER,
		CURLUPART_PASSWORD,
		CURLUPART_OPTIONS,
		CURLUPART_QUERY,
		CURLUPART_FRAGMENT,
	};
	CURLU *url = http_url_parse(text);
	char *whole = NULL;

	if (url != NULL) {
		for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
			curl_url_set(url, secrets[i], NULL, 0);
		whole = http_url_part(url, CURLUPART_URL, 0);
		curl_url_cleanup(url);
	}
	return whole != NULL ? whole : memory_string("(no URL)");
}

char *http_url_host(const char *text)
{
	CURLU *url = http_url_parse(text);
	char *host, *lower;

	if (url == NULL)
		return NULL;
	host = http_url_part(url, CURLUPART_HOST, 0);
	lower = host != NULL ? text_lower(host) : NULL;
	free(host);
	curl_url_cleanup(url);
	return lower;
}

bool http_url_names_private(const char *text)
{
	char *host = http_url_host(text);
	bool literal = false, public, local;

	if (host == NULL)
		return false;
	if (text_ends(host, "."))
		host[strlen(host) - 1] = '\0';
	public = address_text_is_public(host, &literal);
	local = (literal && !public) || text_equal(host, "localhost") ||
		text_ends(host, ".localhost");
	free(host);
	return local;
}
