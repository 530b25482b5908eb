/* SPDX-License-Identifier: ISC */
#include "tell/hosts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/database.h"
#include "base/memory.h"
#include "base/text.h"

const struct schema_step hosts_schema[] = {
	{7, "CREATE TABLE host (role TEXT, name TEXT, status TEXT NOT NULL,"
	    " failure TEXT NOT NULL,  checked INTEGER NOT NULL, tried INTEGER NOT NULL,"
	    " PRIMARY KEY (role, name)) WITHOUT ROWID;"
	    "CREATE TABLE host_record (role TEXT, name TEXT, position INTEGER, type TEXT,"
	    " preference INTEGER,  owner TEXT, value TEXT, PRIMARY KEY (role, name,"
	    " position)) WITHOUT ROWID;"},
	{0},
};

static const char *const role_names[] = {[HOST_MACHINE] = "host", [HOST_DOMAIN] = "mail"};
static const char *const type_names[] = {
	[DNS_MX] = "MX", [DNS_A] = "A", [DNS_AAAA] = "AAAA", [DNS_CNAME] = "CNAME"};

/* The place of word among count names; 0 where it is none of them. */
static size_t place_of(const char *word, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], word) == 0)
			return i;
	return 0;
}

static int by_role_and_name(const void *left, const void *right)
{
	const struct host *a = left, *b = right;

	return a->role != b->role ? (int)a->role - (int)b->role : strcmp(a->name, b->name);
}

static struct host *find(const struct hosts *hosts, enum host_role role, const char *name)
{
	struct host key = {.role = role, .name = memory_string(name)};
	struct host *found = hosts->sorted == 0 ? NULL
						: bsearch(&key, hosts->list, hosts->sorted,
							  sizeof key, by_role_and_name);

	free(key.name);
	return found;
}

const struct host *hosts_find(const struct hosts *hosts, enum host_role role, const char *name)
{
	return find(hosts, role, name);
}

void hosts_sort(struct hosts *hosts)
{
	if (hosts->count > 0)
		qsort(hosts->list, hosts->count, sizeof *hosts->list, by_role_and_name);
	hosts->sorted = hosts->count;
}

/* What was put since the last sorting stands at the end, and is looked for by nobody. */
void hosts_put(struct hosts *hosts, struct host *host)
{
	struct host *former = find(hosts, host->role, host->name);

	if (former != NULL && former->checked != 0 && !text_empty(host->failure)) {
		memory_set(&former->failure, host->failure);
		former->tried = host->tried;
		host_release(host);
		return;
	}
	host->checked = host->status != DNS_SILENT ? host->tried : 0;
	if (former != NULL)
		host_release(former);
	else
		former = memory_append(&hosts->list, &hosts->count, sizeof *hosts->list);
	*former = *host;
	*host = (struct host){0};
}

void host_add(struct host *host, const struct dns_record *record)
{
	struct dns_record *copy =
		memory_append(&host->records, &host->count, sizeof *host->records);

	*copy = (struct dns_record){record->type, record->preference, memory_string(record->owner),
		memory_string(record->value)};
}

static void load_records(struct database *database, const struct hosts *hosts)
{
	struct statement *row = database_query(database,
		"SELECT role, name, type, preference, owner, value FROM host_record"
		" ORDER BY role, name, position",
		"");

	while (statement_row(row)) {
		enum host_role role =
			(enum host_role)place_of(statement_text(row, 0), role_names, 2);
		struct host *host = find(hosts, role, statement_text(row, 1));
		char *owner = memory_string(statement_text(row, 4)),
		     *value = memory_string(statement_text(row, 5));
		struct dns_record record = {
			(enum dns_type)place_of(statement_text(row, 2), type_names, 4),
			(int)statement_integer(row, 3), owner, value};

		if (host != NULL)
			host_add(host, &record);
		free(owner);
		free(value);
	}
	statement_end(row);
}

void hosts_load(struct database *database, struct hosts *hosts)
{
	struct statement *row = database_query(
		database, "SELECT role, name, status, failure, checked, tried FROM host", "");

	while (statement_row(row)) {
		struct host *host = memory_append(&hosts->list, &hosts->count, sizeof *hosts->list);

		host->role = (enum host_role)place_of(statement_text(row, 0), role_names, 2);
		host->name = memory_string(statement_text(row, 1));
		host->status = dns_status_parse(statement_text(row, 2));
		host->failure = memory_string(statement_text(row, 3));
		host->checked = statement_integer(row, 4);
		host->tried = statement_integer(row, 5);
	}
	statement_end(row);
	hosts_sort(hosts);
	load_records(database, hosts);
}

void host_release(struct host *host)
{
	for (size_t i = 0; i < host->count; i++) {
		free(host->records[i].owner);
		free(host->records[i].value);
	}
	free(host->records);
	free(host->name);
	free(host->failure);
	*host = (struct host){0};
}

void hosts_release(struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		host_release(&hosts->list[i]);
	free(hosts->list);
	*hosts = (struct hosts){0};
}

bool host_due(const struct host *host, int64_t now)
{
	int64_t elapsed = host != NULL ? now - host->tried : 0;

	if (host == NULL || elapsed < 0)
		return true;
	return elapsed >= (text_empty(host->failure) ? HOST_REFRESH_SECONDS : HOST_RETRY_SECONDS);
}

void host_save(struct database *database, const struct host *host)
{
	const char *role = role_names[host->role];

	database_do(database, "INSERT OR REPLACE INTO host VALUES (?, ?, ?, ?, ?, ?)", "ttttii",
		role, host->name, dns_status_name(host->status), host->failure, host->checked,
		host->tried);
	database_do(database, "DELETE FROM host_record WHERE role = ? AND name = ?", "tt", role,
		host->name);
	for (size_t i = 0; i < host->count; i++)
		database_do(database, "INSERT INTO host_record VALUES (?, ?, ?, ?, ?, ?, ?)",
			"ttititt", role, host->name, (int64_t)i, type_names[host->records[i].type],
			(int64_t)host->records[i].preference, host->records[i].owner,
			host->records[i].value);
}

void hosts_forget(struct database *database, int64_t time)
{
	database_do(database,
		"DELETE FROM host_record WHERE (role, name) IN"
		" (SELECT role, name FROM host WHERE tried < ?)",
		"i", time);
	database_do(database, "DELETE FROM host WHERE tried < ?", "i", time);
}

static bool is_or_beneath(const char *name, const char *top)
{
	size_t length = strlen(name), size = strlen(top);

	if (length > 0 && name[length - 1] == '.')
		length--;
	return length >= size && strncasecmp(name + length - size, top, size) == 0 &&
	       (length == size || name[length - size - 1] == '.');
}

bool host_needs_lookup(const char *name)
{
	struct in6_addr address;

	return name[0] != '[' && inet_pton(AF_INET, name, &address) != 1 &&
	       inet_pton(AF_INET6, name, &address) != 1 && !is_or_beneath(name, "localhost") &&
	       !is_or_beneath(name, "invalid");
}
