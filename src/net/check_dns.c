/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "net/address.h"
#include "net/check_p.h"
#include "net/resolver.h"

static enum dns_type record_type(const char *name)
{
	size_t type = 0;

	while (dns_type_names[type] != NULL && !text_equal(dns_type_names[type], name))
		type++;
	return dns_type_names[type] != NULL ? (enum dns_type)type : DNS_A;
}

static void keep_record(struct text_list *records, const struct dns_record *record)
{
	char *text = record->type == DNS_MX
			     ? memory_format("%d %s", record->preference, record->value)
			     : memory_string(record->value);

	text_list_add(records, text);
	free(text);
}

/* One address in there is enough. */
static void note_network(struct check_measure *measure, const struct dns_record *record)
{
	bool literal, public = address_text_is_public(record->value, &literal);

	if (measure->network != HTTP_NETWORK_PRIVATE)
		measure->network = literal && !public ? HTTP_NETWORK_PRIVATE : HTTP_NETWORK_PUBLIC;
}

static char *failure_word(const struct dns_answer *answer)
{
	if (answer->status == DNS_ABSENT)
		return memory_string("no such name");
	return answer->status == DNS_EMPTY
		       ? memory_format("no %s record", dns_type_names[answer->type])
		       : memory_string(answer->failure);
}

/* Of a chain of aliases, what is at its end. */
static void on_answer(void *context, const struct dns_answer *answer)
{
	struct check_measure *measure = &((struct check_work *)context)->measure;

	measure->answered = answer->status != DNS_SILENT;
	for (size_t i = 0; i < answer->count; i++)
		if (answer->records[i].type == answer->type) {
			keep_record(&measure->records, &answer->records[i]);
			note_network(measure, &answer->records[i]);
		}
	if (answer->status != DNS_FOUND)
		measure->failure = failure_word(answer);
}

bool check_dns_begin(struct check_work *work, struct error *error)
{
	const struct check *check = work->request.check;

	work->resolver = resolver_new(check->server, check->total, error);
	if (work->resolver == NULL)
		return false;
	resolver_ask(work->resolver, check->target, record_type(check->record), on_answer, work);
	return true;
}

bool check_dns_turn(struct check_work *work)
{
	return resolver_turn(work->resolver);
}

/* c-ares does not say why it has not asked; a socket that cannot be made is our own lack. */
bool check_dns_collect(struct transfer *transfer, struct error *error)
{
	struct check_measure *measure = &transfer->check->measure;
	int lack = measure->answered ? 0 : transfer_socket_lack();

	measure->began = transfer->response.began;
	measure->total = transfer->spent;
	return !system_error_local_connection(lack) || system_error_connection(error, lack);
}
