/* SPDX-License-Identifier: ISC
 *
 * One message out of several: what happened on several pages, each with its
 * events under it. Pure.
 *
 * The data of such a message (plan.h says what that of one page is) has besides: several_pages:
 * true, page_count, and pages: a list of {name, title, url, provider, provider_or_name, snapshot,
 * others_red, events}, the page with the worst news first. events is still the list of all of
 * them, worst first, and each has page: {name, title, url, provider, provider_or_name,
 * snapshot_url: the url of its snapshot}; page is that of the first. A page's snapshot and
 * others_red stand with it and not in the whole.
 */
#ifndef LAMPWATCH_DIGEST_PAGES_H
#define LAMPWATCH_DIGEST_PAGES_H

#include <stddef.h>

struct value;

/* Adds to parts (a list) each page of a message, as pages above has it. It is taken out of data,
 * which is good for digest_pages_put() then, or to be freed. */
void digest_pages_add(struct value *data, struct value *parts);

/*
 * Makes data (which gave its own parts before) the data of a message about the pages in parts;
 * those of one page become one, of which the later snapshot and the later of two equal events
 * count. Of one page only, it is as if that page alone had been told of. left_out events are
 * counted and not shown. What parts hold is taken out of them: they are to be freed then.
 */
void digest_pages_put(struct value *data, const struct value *parts, size_t left_out);

#endif
