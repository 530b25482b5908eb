/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/check_p.h"
#include "net/resolver.h"

struct check_work *check_work_new(const struct check_request *request, const char *password)
{
	const int type = request->check->type;
	const char *scheme = type == CHECK_TCP ? "http://" : type == CHECK_TLS ? "https://" : "";
	struct check_work *work = memory_zero(1, sizeof *work);

	work->request = *request;
	work->url = memory_format("%s%s", scheme, request->check->target);
	work->password = memory_string(password);
	work->measure = (struct check_measure){.family = request->family,
		.lookup = CHECK_NOT_REACHED,
		.connect = CHECK_NOT_REACHED,
		.tls = CHECK_NOT_REACHED,
		.first_byte = CHECK_NOT_REACHED,
		.total = CHECK_NOT_REACHED};
	return work;
}

void check_work_free(struct check_work *work)
{
	if (work == NULL)
		return;
	if (work->password != NULL)
		explicit_bzero(work->password, strlen(work->password));
	free(work->password);
	free(work->url);
	resolver_free(work->resolver);
	check_measure_release(&work->measure);
	free(work);
}

char *check_work_key(const struct check_work *work)
{
	const struct check *check = work->request.check;

	return check->type == CHECK_HTTP
		       ? NULL
		       : memory_format("%s %s", check_type_names[check->type], check->target);
}

void check_work_done(struct check_work *work, const struct error *error)
{
	struct check_answer answer = {0};

	if (error == NULL) {
		check_judge(work->request.check, &work->measure, &answer);
		check_transcribe(&work->measure, &answer);
	}
	work->request.done(work->request.context, &answer, error);
	check_answer_release(&answer);
}

static void begun(void *context)
{
	(void)context;
}

/* What check_perform() has of the one that it makes. */
struct performance {
	struct check_answer answer;
	struct error error; /* its remedy is 0 where it was made */
};

static void performed(void *context, struct check_answer *answer, const struct error *error)
{
	struct performance *performance = context;

	performance->answer = *answer;
	*answer = (struct check_answer){0};
	if (error != NULL)
		performance->error = *error;
}

bool check_perform(const struct check_request *request, const char *password,
	struct check_answer *answer, struct error *error)
{
	static const struct http_settings settings = {.in_flight = 1, .per_host = 1};
	struct performance performance = {0};
	struct check_request own = *request;
	struct http_engine *engine;

	own.done = performed;
	own.context = &performance;
	http_start();
	engine = http_engine_new(&settings, begun);
	http_engine_check(engine, &own, password);
	while (http_engine_wait(engine, NULL, 0, 1000) > 0)
		;
	http_engine_free(engine);
	*answer = performance.answer;
	*error = performance.error;
	return performance.error.remedy == 0;
}
