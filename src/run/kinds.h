/* SPDX-License-Identifier: ISC
 *
 * The kinds that a configuration's pages name, loaded once for a run. With
 * config_load() this is all that `lampwatch check` checks.
 */
#ifndef LAMPWATCH_KINDS_H
#define LAMPWATCH_KINDS_H

struct config;
struct kind;
struct kind_set;
struct page_config;
struct problems;

/*
 * Loads the kind of every page (pages of one kind share it where they have no
 * `with`), and sees that every webhook's template is there, and that mails can be made of one's
 * own. The configuration must outlive the set; pages without a kind (config_read()) are passed
 * over. NULL where anything is wrong; all of it is in problems, and warnings may be there in any
 * case.
 */
struct kind_set *kind_set_load(
	const struct config *config, const char *templates, struct problems *problems);
void kind_set_free(struct kind_set *set);

/* The kind of a page of that configuration. */
const struct kind *kind_set_of(const struct kind_set *set, const struct page_config *page);

/* A webhook that names neither a URL nor a command gets its template's own URL; for a configuration
 * that was checked. */
void webhook_urls_complete(struct config *config, const char *templates);

#endif
