/* SPDX-License-Identifier: ISC
 *
 * Private to config*.c: the parts of config_load(). The context of every walk is
 * the struct config that is being filled in.
 */
#ifndef LAMPWATCH_CONFIG_PARTS_H
#define LAMPWATCH_CONFIG_PARTS_H

#include "config/config.h"

struct problems;

/* Readers of values (config_values.c, config_files.c, config_wanted.c). Targets are char * unless
 * said otherwise. */
node_reader config_read_address; /* as config_address_valid() */
node_reader config_read_second;  /* an address, or webhook:NAME */
node_reader config_read_name;    /* as text_is_name() */
node_reader config_read_label; /* at most CONFIG_TEXT_MAX bytes, nothing in it that could deceive */
node_reader config_read_labels;       /* struct text_list of such; not empty */
node_reader config_read_header;       /* at most CONFIG_TEXT_MAX bytes of printable ASCII */
node_reader config_read_host;         /* as config_host_valid() */
node_reader config_read_hosts;        /* struct text_list of such */
node_reader config_read_proxies;      /* struct text_list of addresses and networks */
node_reader config_read_path;         /* joined with the configuration's folder */
node_reader config_read_ca_file;      /* the same, of certificates, in PEM */
node_reader config_read_copied_file;  /* the same, of a file that can be read, or was copied */
node_reader config_read_written_file; /* the same, of a file that is written: of no folder */
node_reader config_read_folder;       /* the same, of a folder */
node_reader config_read_program;      /* absolute; can be executed */
node_reader config_read_command;      /* struct text_list: such a program, and its arguments */
node_reader config_read_token_file;   /* joined; a warning where it holds no token yet */
node_reader config_read_page_url;     /* http or https; may be repeated in a message */
node_reader config_read_secret_url;   /* http or https; is never repeated */
node_reader config_read_secret_file;  /* joined; a secret file of one line */
node_reader config_read_secrets_file; /* the same, of up to CONFIG_SECRETS_MAX lines */
node_reader config_read_url_file;     /* the same, of one line, an http or https URL */
node_reader config_read_zone;         /* an IANA time zone that this system knows */
node_reader config_read_resolver;     /* an IP address, perhaps with a port */
node_reader config_read_pattern;      /* a regular expression */
node_reader config_read_wanted;       /* int: bits of event_types[].on */
node_reader config_read_windows;      /* struct windows: one or a list of them */

/* The readers of files with one line, for one who needs that, too: *text, to be wiped. In a copy of
 * a configuration it may be NULL where true. */
typedef bool secret_reader(
	const struct config *config, const char *path, char **text, struct error *error);
bool config_read_secret(const struct node_walk *walk, struct node node, secret_reader *read,
	char **path, char **text);

/* What is in a secret file (config_secrets.c). */
secret_reader config_secret_line;
secret_reader config_secret_url;
bool config_secret_lines(const struct config *config, const char *path, size_t maximum,
	struct text_list *lines, struct error *error);

/* An http or https URL that means the same to every program. */
bool config_url_valid(const char *url);

/*
 * Reads a word, or a non-empty list of words, as the bits of their values. expected completes the
 * complaint: "KEY takes …".
 */
bool config_read_flags(const struct node_walk *walk, struct node node,
	const struct node_word *words, const char *expected, int *flags);

/* Why what was read since then, of a copy, cannot be used: the first warning from that place on.
 * NULL: nothing is wrong. Owned by the caller. */
char *config_trouble(const struct config *config, const struct problems *problems, size_t since);

/*
 * Splits "scheme://host[:port][/]": host owned by the caller, without brackets;
 * port 0 where none is given. False where that is not all that the text says.
 */
bool config_host_port(const char *text, const char *scheme, char **host, int *port);

/* The sections with routes and receivers (config_receivers.c). */
void config_read_routes(struct config *config, struct node list, struct problems *problems);
void config_read_subscribers(struct config *config, struct node list, struct problems *problems);
void config_read_webhooks(struct config *config, struct node list, struct problems *problems);
/* Our own maintenance (config_windows.c). */
void config_read_maintenance(struct config *config, struct node list, struct problems *problems);
void config_maintenance_free(struct config *config);
void config_receivers_free(struct config *config);

/* The checks of a probe, whose settings have been read, and the facts of pages (config_probes.c).
 */
void config_read_checks(struct config *config, struct node list, struct page_config *probe,
	struct problems *problems);
node_reader config_read_references; /* struct text_list of http and https URLs */
node_reader config_read_publish;    /* int: enum publish */
node_reader config_read_facts;      /* struct page_config: its facts */
node_reader config_read_need;       /* int64_t */
void config_probe_release(struct page_config *page);

/* What pages fall with (config_causes.c). */
node_reader config_read_causes; /* struct page_config: its causes */
void config_causes_release(struct page_config *page);
/* That causes lead somewhere and never in a circle; fills in their depths, and trees. */
void config_check_causes(struct config *config, struct problems *problems);

/* Of a page, whose keys have been read: those of a crowd, or that it has none (config_crowd.c). */
void config_read_crowd(struct node node, struct page_config *page, struct problems *problems);
void config_crowd_release(struct page_config *page);

/* What must hold between the parts of the file (config_check.c). */
void config_check(const struct config *config, struct problems *problems);

/* ---- for the schema (config_schema.h): the tables, and what each reader takes ---- */

/* What follows from the rule's detail, or is made as it is needed. */
enum config_detail {
	SHAPE_ONLY, /* nothing: the JSON is all */
	SHAPE_WORDS,
	SHAPE_NUMBER,
	SHAPE_DURATION,
	SHAPE_SIZE,
	SHAPE_RULES,   /* a map with the keys of a table */
	SHAPE_SECTION, /* a list of such maps */
	SHAPE_EVENTS,  /* the words of `on:` */
	SHAPE_WINDOWS, /* one window of time, or a list of them */
};

/* What a reader takes: the JSON, or what follows from the detail, or either. */
struct config_shape {
	node_reader *read; /* a row with NULL ends the table */
	enum config_detail detail;
	const char *json; /* a schema; NULL: none */
};

extern const struct config_shape config_file_shapes[], config_check_shapes[],
	config_receiver_shapes[], config_window_shapes[];
extern const struct node_rule *const config_file_rules,
	*const config_check_rules, *const config_route_rules,
					   *const config_subscriber_rules,
						   *const config_webhook_rules,
							   *const config_maintenance_rules,
								   *const config_window_rules;

/* The keys of what stands in the list of that name. */
const struct node_rule *config_section_rules(const char *key);

#endif
