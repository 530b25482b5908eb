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

static const char *const role_names[] = {[HOST_MACHINE] = "host", [HOST_DOMAIN] = "mail", NULL};

static const struct column host_columns[] = {
	COLUMN_OF_WORDS("role", struct host, role, role_names, HOST_MACHINE),
	COLUMN("name", struct host, name, COLUMN_TEXT),
	COLUMN_OF_WORDS("status", struct host, status, dns_status_names, DNS_SILENT),
	COLUMN("failure", struct host, failure, COLUMN_TEXT),
	COLUMN("checked", struct host, checked, COLUMN_INTEGER),
	COLUMN("tried", struct host, tried, COLUMN_INTEGER),
	{0},
};

static const struct column record_columns[] = {
	COLUMN_OF_WORDS("type", struct dns_record, type, dns_type_names, DNS_MX),
	COLUMN("preference", struct dns_record, preference, COLUMN_INT),
	COLUMN("owner", struct dns_record, owner, COLUMN_TEXT),
	COLUMN("value", struct dns_record, value, COLUMN_TEXT),
	{0},
};

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

/* What was put since the last sorting stands at the end, and is not found until then. */
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

void hosts_load(struct database *database, struct hosts *hosts)
{
	struct statement *row;

	rows_take(database_query(database, "SELECT * FROM host", "*", host_columns), &hosts->list,
		&hosts->count, sizeof *hosts->list);
	hosts_sort(hosts);
	row = database_query(database,
		"SELECT role, name, * FROM host_record ORDER BY role, name, position", "*",
		record_columns);
	while (statement_row(row)) {
		bool domain = strcmp(statement_text(row, 0), role_names[HOST_DOMAIN]) == 0;
		struct host *host =
			find(hosts, domain ? HOST_DOMAIN : HOST_MACHINE, statement_text(row, 1));

		if (host != NULL)
			row_read(row, 2,
				memory_append(&host->records, &host->count, sizeof *host->records));
	}
	statement_end(row);
}

void host_forget_records(struct host *host)
{
	for (size_t i = 0; i < host->count; i++)
		row_release(record_columns, &host->records[i]);
	free(host->records);
	host->records = NULL;
	host->count = 0;
}

void host_release(struct host *host)
{
	host_forget_records(host);
	row_release(host_columns, host);
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

	database_do(
		database, "INSERT OR REPLACE INTO host (*) VALUES (*)", "r", host_columns, host);
	database_do(database, "DELETE FROM host_record WHERE role = ? AND name = ?", "tt", role,
		host->name);
	for (size_t i = 0; i < host->count; i++)
		database_do(database,
			"INSERT INTO host_record (role, name, position, *) VALUES (?, ?, ?, *)",
			"rtti", record_columns, &host->records[i], role, host->name, (int64_t)i);
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
