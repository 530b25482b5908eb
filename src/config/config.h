/* SPDX-License-Identifier: ISC
 *
 * config/: reads and checks lampwatch.yaml.
 *
 * lampwatch.yaml as a struct: pages, routes, subscribers, webhooks. It is loaded once and
 * checked as a whole (all errors at once, each with file:line and what would be
 * right), and never changes afterwards. Everything in it is owned by it.
 */
#ifndef LAMPWATCH_CONFIG_H
#define LAMPWATCH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/index.h"
#include "base/list.h"
#include "base/yaml.h"
#include "config/window.h"
#include "model/crowd.h"
#include "model/level.h"
#include "net/check.h"

struct buffer;
struct error;
struct launcher;
struct problems;

enum first_sight { FIRST_SIGHT_BASELINE, FIRST_SIGHT_ALERT };
enum keep { KEEP_WATCHED, KEEP_ALL };
enum wayback_mode { WAYBACK_NOTHING, WAYBACK_SAVE };
enum site_mode { SITE_ON, SITE_OFF };

struct confirm_config {
	int64_t worse, better, lost; /* fetches, at least 1 */
};

/* Marks of a flap history (model/flap_history.h), in percent; both 0: flapping is not looked for.
 */
struct flapping_config {
	int64_t high, low;
};

struct timeout_config {
	int64_t connect, total; /* milliseconds */
};

struct limits_config {
	int64_t body;      /* bytes, after decoding */
	int64_t redirects; /* 0: none is followed */
	int64_t in_flight; /* transfers at a time, in all; of the file as a whole */
	int64_t per_host;  /* the same, to one host */
};

/* Settings of the file that a page may override. */
struct page_settings {
	struct confirm_config confirm;
	struct flapping_config flapping;
	int64_t remind;     /* milliseconds between reminders of what stays red; 0: none */
	int first_sight;    /* enum first_sight */
	int red;            /* enum level: the floor of red */
	int64_t every;      /* milliseconds; 0: at each run */
	int64_t keep_for;   /* milliseconds: older snapshots are pruned; 0: none */
	int64_t keep_count; /* snapshots: only the newest are kept; 0: all */
	struct timeout_config timeout;
	struct limits_config limits;
};

/* Checks that show how an indicator really is. */
struct fact_config {
	char *indicator;         /* a pattern, as pattern_fits() takes it */
	struct text_list checks; /* "PROBE/CHECK" */
	int line;
};

/* What indicators fall with. */
struct cause_config {
	char *indicator;         /* a pattern of the dependants, as pattern_fits() takes it; NULL:
				  * all of the page */
	struct text_list causes; /* "PAGE/INDICATOR": a page or a probe, and a pattern */
	int depth;               /* causes one after the other, from here on; 1 at least */
	int line;
};

enum { NEED_ALL = 0, NEED_ANY = 1 };
enum publish { PUBLISH_UNSAID, PUBLISH_NO, PUBLISH_YES };

/* A page that is watched, or a probe: a page that we write ourselves, of kind PROBE_KIND, each of
 * whose indicators is a check. */
struct page_config {
	char *name;
	char *url; /* of a probe: "probe:NAME" */
	char *kind;
	char *provider;              /* the page's name where it is left out */
	struct text_list indicators; /* patterns over id and name; empty: all */
	struct page_settings settings;
	int keep;         /* enum keep */
	int wayback;      /* enum wayback_mode */
	struct node with; /* parameters of a generic kind */
	struct fact_config *facts;
	size_t fact_count;
	int64_t need; /* so many of a fact's checks must fail; NEED_ALL: all of them */
	struct cause_config *causes;
	size_t cause_count;
	int64_t join; /* milliseconds: a cause explains so long after its end what turns red here */
	int depth;    /* the greatest of its causes; 0: it depends on nothing */
	int tree;     /* the same number for all that depend on each other, with the probes of their
		       * facts; 0: of none */
	struct check *checks;        /* of a probe; strings owned */
	size_t check_count;          /* 0: it is no probe */
	struct text_list references; /* of a probe: URLs; where none answers, it is we who are down
				      */
	int publish; /* enum publish: whether what its checks got may be published; PUBLISH_UNSAID:
		      * as long as none of them has led into a private network */
	char *match; /* of kind CROWD_KIND: the regular expression of what counts; NULL: of others
		      */
	struct crowd_rule crowd;
	struct yaml *match_with; /* where `with` of a crowd stands: that expression */
	int line;
};

#define CROWD_KIND "crowd"
#define PROBE_KIND "probe"
#define PROBE_SCHEME "probe:" /* of its url */

enum route_type { ROUTE_SMTP, ROUTE_SMTPS, ROUTE_SENDMAIL, ROUTE_MX };
enum tls {
	TLS_REQUIRED,
	TLS_OFF,
	TLS_OFFERED /* of ROUTE_MX only: where it is offered; the name is not checked */
};

struct route_config {
	char *name;
	int type;   /* enum route_type */
	char *host; /* of smtp and smtps; a name, an IPv4 or (without brackets) an IPv6 address */
	int port;   /* 587 and 465 where the URL names none; 25 of an MX */
	char *server_name;   /* said in TLS where host is the address of an MX; else NULL */
	char *program;       /* of sendmail: absolute path */
	int tls;             /* enum tls; smtps is always TLS_REQUIRED */
	char *ca_file;       /* NULL: the system's */
	char *helo;          /* NULL: the domain of from */
	char *user;          /* NULL: no authentication */
	char *password_file; /* joined with the configuration's folder, as the next; NULL: none */
	char *password;      /* of a session's copy: route_secrets_read(); never printed */
	char *token_file;    /* in place of a password */
	struct text_list token_command; /* a program and its arguments that prints a token */
	char *token;                    /* of a session's copy: tell/route_token.h; never printed */
	const struct launcher
		*launcher;        /* of a session's copy: who starts its program; NULL: nobody */
	struct text_list depends; /* providers */
	char *trouble; /* why nothing can be sent by it now, of config_parse_copy(); NULL: none */
	int line;
};

/* What a receiver wants to be told about. */
struct subscription {
	struct text_list pages; /* patterns over their names (config/pattern.h); empty: all */
	struct text_list
		indicators;   /* patterns over indicators; empty: all, and the overall level */
	int floor;            /* enum level: anything better is not reported as red */
	int on;               /* of event_types[].on (model/event.h) */
	struct windows quiet; /* when nothing is delivered */
};

/*
 * The bits for one word of `on:`, 0 where it is not one; what is wanted by the words of all these
 * bits, with what they bring and leave out; the same, but what other words bring is left out, or
 * there without them, as it was before; the words for that, with commas; and all words.
 */
int config_wanted_parse(const char *word);
int config_wanted_settle(int words);
int config_wanted_keep(int wanted, int before);
void config_wanted_write(int wanted, struct buffer *out);
void config_wanted_words(struct buffer *out);

/* The default. */
extern const struct subscription subscription_default;
void subscription_release(struct subscription *subscription);

struct subscriber_config {
	char *mail;
	char *second; /* an address, or webhook:NAME of one that is there; NULL: none */
	struct subscription subscription;
	int line;
};

/* One of a webhook's own values: what its service asks for. */
struct parameter {
	char *name;  /* without the "_file" of a secret */
	char *value; /* one line; NULL of a secret, but in an attempt's copy: never printed */
	char *file;  /* of a secret, joined with the configuration's folder; NULL: it is none */
	int line;
};

struct webhook_config {
	char *name;
	char *url;  /* a secret; NULL: the template has it, or it stands in url_file */
	char *host; /* of the URL, wherever that stands; NULL: not known */
	char target[DIGEST_TEXT];     /* SHA-256 of the URL or the command, and of the values of
				       * `with:`, wherever they stand, by which another target is
				       * known */
	char *url_file, *secret_file; /* joined with the configuration's folder; NULL: none */
	struct text_list command; /* a program and its arguments in place of a URL; empty: none */
	struct text_list secrets; /* of an attempt's copy: the lines of secret_file, the newest
				   * first; none: unsigned */
	char *template;           /* a name; NULL where template_file is given */
	char *template_file;      /* joined with the configuration's folder; NULL: none */
	struct parameter *with;
	size_t with_count;
	struct subscription subscription;
	struct text_list depends;
	char *trouble; /* as of a route */
	int line;
};

/* Our own maintenance: nobody is told about what begins and ends in it. */
struct maintenance_config {
	struct text_list pages; /* patterns over their names; empty: all */
	char *reason;           /* NULL: none is given */
	struct window window;
	int line;
};

/* The time-stamping authority (RFC 3161). */
struct timestamp_config {
	char *url;     /* a secret may stand in it; NULL: none is asked */
	char *ca_file; /* the certificates that its own leads to */
	int64_t every; /* milliseconds between two requests, at least */
};

struct config {
	char *path;                     /* of the file, as given */
	bool copy;                      /* of config_parse_copy() */
	char *folder;                   /* the file's folder: relative names in it start there */
	char *archive;                  /* joined with folder */
	char *from;                     /* address */
	char *admin;                    /* address, NULL: none */
	char *mail_in;                  /* address whose mail `mail-in` gets, NULL: none */
	struct text_list mail_in_allow; /* patterns over who may subscribe by mail; empty: all */
	char *timezone;                 /* IANA name */
	char *user_agent_contact;       /* NULL: none */
	struct text_list serve_hosts;   /* that `serve` answers to, beside its own address */
	char *site_url; /* where the archive's folder is published; no "/" at its end; NULL: nowhere
			 */
	bool subscribe; /* `serve` offers forms; with mail_in and site_url */
	struct text_list trusted_proxies; /* networks who may say whose request it is
					   * (net/client.h) */
	int site;             /* enum site_mode: whether a run writes the pages to browse */
	char *kinds;          /* folder of the user's kinds, joined with folder; NULL: none */
	char *mail_templates; /* folder of templates in place of ours, joined with folder; NULL:
			       * none
			       */
	char *resolver;       /* "127.0.0.1:53"; NULL: the system's */
	int64_t pack_after;   /* milliseconds: older snapshots are packed */
	char *signing_key;    /* file of the secret key; NULL: nothing is signed */
	struct timestamp_config timestamp;
	struct page_settings settings; /* defaults of pages */
	struct page_config *pages;
	size_t page_count;
	struct index pages_by_name; /* for config_page() */
	struct route_config *routes;
	size_t route_count;
	struct subscriber_config *subscribers;
	size_t subscriber_count;
	struct webhook_config *webhooks;
	size_t webhook_count;
	struct maintenance_config *maintenance;
	size_t maintenance_count;
	char *heartbeat; /* URL fetched at the end of each good run: a secret; NULL: none, or it
			  * stands in heartbeat_file */
	char *heartbeat_file;   /* joined with folder; NULL: none */
	char *metrics;          /* file, joined with folder; NULL: none */
	char *wayback_key_file; /* of Save Page Now, joined with folder; NULL: none */
	char *wayback_base; /* the Wayback Machine, or what answers as it does; no "/" at its end */
	struct yaml *yaml;
};

/*
 * Loads and checks the file. NULL where it has errors; problems may hold warnings in
 * both cases. Secret files are checked (they must have mode 0600 or stricter,
 * or 0640 with the group of this process), and nothing of them is kept. Kinds and the webhooks'
 * templates are not checked here: kind_set_load() does that. before: the file as yaml_load() has
 * parsed it, so that it need not be parsed twice; taken over; NULL: it was not.
 */
struct config *config_load(const char *path, struct yaml *before, struct problems *problems);

/*
 * As config_load(), but returns what could be read even where there are errors, so that
 * more of them can be found; it must not be used for anything else, and any
 * string in it may be NULL. NULL only where the file cannot be read or is not YAML.
 */
struct config *config_read(const char *path, struct yaml *before, struct problems *problems);

/* As config_load(), of a text that will be the content of that file. */
struct config *config_parse(
	const char *path, const char *text, size_t length, struct problems *problems);

/*
 * Only the archive's folder that the file at path names, whatever else is wrong with it: for root,
 * who becomes its owner before the rest is read. Owned by the caller.
 */
char *config_archive(const char *path, const struct yaml *yaml);

/*
 * As config_parse(), of a copy of the file that was good once (run/last_good.h). What is wrong now
 * with another file that it names is a warning: a route or webhook that needs it has `trouble`, and
 * the rest goes on.
 */
struct config *config_parse_copy(
	const char *path, const char *text, size_t length, struct problems *problems);

void config_free(struct config *config);

/*
 * What stands in a secret file is read by the process that needs it, when it needs it, before it
 * confines itself: *own becomes a copy of the route or webhook that also has its own secrets, and
 * borrows all else. False with error where a file cannot be read by now, or holds something
 * else. Afterwards, also then, ..._wipe() is due, which wipes and frees what *own does not borrow.
 */
bool route_secrets_read(const struct config *config, const struct route_config *route,
	struct route_config *own, struct error *error);
void route_secrets_wipe(struct route_config *own);
bool webhook_secrets_read(const struct config *config, const struct webhook_config *webhook,
	struct webhook_config *own, struct error *error);
void webhook_secrets_wipe(struct webhook_config *own);

/* The password with which a check logs in; the caller wipes it. False with error where it cannot be
 * read. */
bool check_password_read(const struct config *config, const struct check *check, char **password,
	struct error *error);

/* The URL of the heartbeat, from its file where it stands in one; the caller wipes it
 * (secret_wipe()). NULL, with error, where it cannot be read. */
char *heartbeat_secret_read(const struct config *config, struct error *error);

/* The access key and secret of Save Page Now, "ACCESS:SECRET", likewise. */
char *wayback_secret_read(const struct config *config, struct error *error);

/*
 * Why the page's address is not handed to Save Page Now, though `wayback: save` asks for it: it
 * says something that is nobody else's, or leads into a private network. NULL: it is handed over.
 */
const char *wayback_refusal(const struct config *config, const struct page_config *page);

/*
 * For a process that is about to talk to others, of its copy of the configuration: wipes every
 * address in lampwatch.yaml that may hold a secret (of pages, checks by HTTP, references, webhooks,
 * the heartbeat, the time-stamping authority: they are NULL then, or the list is empty), and the
 * text of the file. Copies that were made on
 * the way may still lie in memory that was freed: a secret in a file of its own lies nowhere.
 */
void config_wipe(struct config *config);

/* The longest lists, the longest texts, the widest numbers that a file may ask for. */
enum {
	CONFIG_PAGES_MAX = 10000,
	CONFIG_ROUTES_MAX = 100,
	CONFIG_SUBSCRIBERS_MAX = 100000,
	CONFIG_WEBHOOKS_MAX = 1000,
	CONFIG_MAIL_IN_LOCAL_MAX = 35, /* bytes before the "@": a token has to fit behind them */
	CONFIG_TEXT_MAX = 256,         /* bytes of a label or of the contact */
	CONFIG_URL_MAX = 2048,         /* bytes */
	CONFIG_MEMENTO_MAX = 255,      /* bytes of a memento's address, as a chain has it */
	CONFIG_SECRET_MAX = 4096,      /* bytes of a secret file */
	CONFIG_TOKEN_MAX = 16384,      /* bytes of a token, and of what a command prints */
	CONFIG_ARGUMENTS_MAX = 64,     /* of a command, its program among them */
	CONFIG_SECRETS_MAX = 2,        /* that sign a webhook: the new one, and the one before it */
	CONFIG_WITH_MAX = 32,          /* values of a webhook */
	CONFIG_CONFIRM_MAX = 1000,
	CONFIG_CHECKS_MAX = 50,    /* of a probe */
	CONFIG_REFERENCES_MAX = 8, /* of a probe */
	CONFIG_PROXIES_MAX = 100,
	CONFIG_FACTS_MAX = 1000,     /* of a page */
	CONFIG_FACT_CHECKS_MAX = 50, /* of an indicator */
	CONFIG_CAUSES_MAX = 1000,    /* of a page: indicators that depend on others */
	CONFIG_CAUSES_EACH_MAX = 50, /* of an indicator */
	CONFIG_CAUSE_DEPTH_MAX = 50, /* causes one after the other */
	CONFIG_DAYS_MAX = 366,
	CONFIG_TIMEOUT_MIN = 100,           /* milliseconds */
	CONFIG_TIMEOUT_MAX = 4 * 60 * 1000, /* milliseconds: a run ends itself after five minutes */
	CONFIG_BODY_MIN = 1024,             /* bytes */
	CONFIG_BODY_MAX = 256 * 1024 * 1024, /* bytes */
	CONFIG_REDIRECTS_MAX = 50,
	CONFIG_SNAPSHOTS_MAX = 1000000000,
	CONFIG_TRANSFERS_MAX = 1024,
	CONFIG_WITHIN_MIN = 60 * 1000,           /* milliseconds: a crowd's window */
	CONFIG_WITHIN_MAX = 24 * 60 * 60 * 1000, /* milliseconds */
	CONFIG_TIMES_MAX = 1000,                 /* the usual of a crowd */
	CONFIG_LEAST_MAX = 10000,                /* entries of a crowd */
};

#define CONFIG_REMIND_MIN (60LL * 1000)                    /* milliseconds */
#define CONFIG_EVERY_MAX (31LL * 24 * 60 * 60 * 1000)      /* milliseconds */
#define CONFIG_AGE_MAX (100LL * 366 * 24 * 60 * 60 * 1000) /* milliseconds */
#define CONFIG_STAMP_MIN (60LL * 1000)                     /* milliseconds */

#define CONFIG_HERE "lampwatch.yaml"
#define CONFIG_SYSTEM "/etc/lampwatch/lampwatch.yaml"

/* -c's file, else CONFIG_HERE, else CONFIG_SYSTEM: the
 * first that exists; given is returned as it is. Owned by the caller; NULL where there is none. */
char *config_find(const char *given);

const struct page_config *config_page(const struct config *config, const char *name);

/* The certificate files that checks name, one a line, as a fetcher wants them (net/http.h). Owned
 * by the caller. */
char *config_check_ca_files(const struct config *config);

/* How many of the pages are probes. */
size_t config_probe_count(const struct config *config);

/* The facts of an indicator; NULL where the page names none for it. */
const struct fact_config *config_facts(
	const struct page_config *page, const char *id, const char *group, const char *name);

/* Adds what an indicator falls with, "PAGE/INDICATOR", in the order of the configuration, each
 * once. How many causes stand one after the other from there on; 0: none.
 */
int config_causes(const struct page_config *page, const char *id, const char *group,
	const char *name, struct text_list *causes);
/* The pattern of the page's indicators that have these causes; "*": all of them. Borrowed. */
const char *config_dependants(const struct cause_config *cause);
/* Causes before what follows from them, else as the configuration has them: less than, equal to or
 * greater than 0, for pages of the same one. */
int config_cause_order(const struct page_config *one, const struct page_config *other);
/* The page or probe of "PAGE/INDICATOR"; *indicator becomes the pattern, borrowed. NULL where there
 * is none. */
const struct page_config *config_cause_page(
	const struct config *config, const char *cause, const char **indicator);
/* The first subscriber with this address, whatever its case. */
const struct subscriber_config *config_subscriber(const struct config *config, const char *mail);
const struct webhook_config *config_webhook(const struct config *config, const char *name);
const struct route_config *config_route(const struct config *config, const char *name);

/* The value of that name; NULL where the webhook has none. */
const struct parameter *config_parameter(const struct webhook_config *webhook, const char *name);

/*
 * True where the address is one that may go into MAIL FROM and RCPT TO as it
 * is: ASCII, one '@', no control character, no angle bracket or blank, a local
 * part of at most 64 and a whole of at most 254 bytes (RFC 5321 section 4.5.3.1).
 */
bool config_address_valid(const char *address);

/* A host name (RFC 1123 section 2.1) or an IPv4 or IPv6 address (without brackets). */
bool config_host_valid(const char *host);

/* The host that an address or a URL names, of an IPv6 address without its brackets; else the text
 * up to one of ":/?#". Owned by the caller. */
char *config_host_part(const char *text);

/* What a complaint about such a text, or about an address, adds where it is not ASCII; else "". */
const char *config_host_advice(const char *text);

#endif
