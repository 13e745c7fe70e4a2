/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.c: a submission out of what people send. Every defect is named by its place in the request,
 * files[3].file_name, and all of them are told at once (problem.c keeps the first twenty).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/utf8.h"
#include "batch/accept.h"
#include "batch/name.h"
#include "gateway.h"
#include "query.h"
#include "sql.h"

enum { FIELD_SIZE = 64 };

bool
form_init(struct form *form, struct call *call)
{
	*form = (struct form){ .call = call, .arena = arena_new(FORM_MEMORY) };
	form->submitted.priority = 5;
	form->submitted.failures_tolerated = EVENT_NULL_INT;
	return form->arena != NULL;
}

void
form_clear(struct form *form)
{
	arena_free(form->arena);
	free(form->submitted.files);
	*form = (struct form){0};
}

/* ---- one value at a time ---- */

static void
set_text(struct form *form, const char *field, const char **ret, const char *value, size_t most)
{
	if (strlen(value) > most)
		problem_field(form->call, field, "is longer than %zu bytes", most);
	else if (!utf8_is_valid(value, strlen(value)))
		problem_field(form->call, field, "is not UTF-8");
	else if (!(*ret = arena_text(form->arena, value, strlen(value))))
		problem(form->call, &problem_too_large, "The submission's texts are too long.");
}

static void
set_prefix(struct form *form, const char *value)
{
	if (!prefix_is_valid(value))
		problem_field(form->call, "customer_prefix",
		    "is not one to four tokens of capitals and digits, joined by _");
	else
		set_text(form, "customer_prefix", &form->submitted.customer_prefix, value, PREFIX_SIZE);
}

static const struct scalar {
	const char *name;
	size_t offset;			/* of an int32_t in struct batch_submitted; 0: a text */
	int32_t least, most;
} scalars[] = {
	{ "pipeline_id", offsetof(struct batch_submitted, pipeline_id), 1, INT32_MAX },
	{ "priority", offsetof(struct batch_submitted, priority), 0, 9 },
	{ "failures_tolerated", offsetof(struct batch_submitted, failures_tolerated), 0, INT32_MAX },
};
enum { N_SCALARS = sizeof(scalars) / sizeof(*scalars) };

static void
set_number(struct form *form, const struct scalar *scalar, int64_t value)
{
	int32_t narrow = (int32_t)value;

	if (value < scalar->least || value > scalar->most) {
		problem_field(form->call, scalar->name, "is not from %d to %d", scalar->least,
		    scalar->most);
		return;
	}
	memcpy((char *)&form->submitted + scalar->offset, &narrow, sizeof(narrow));
	form->has_pipeline |= scalar == &scalars[0];
}

/* The room for one more file; NULL once there are too many. */
static struct submitted_file *
file_add(struct form *form)
{
	struct batch_submitted *s = &form->submitted;

	form->is_full = form->n_files++ >= form->call->gateway->files_max;
	if (form->is_full)
		return NULL;
	if (s->n_files == form->capacity) {
		size_t capacity = form->capacity ? form->capacity * 2 : 16;
		struct submitted_file *files = realloc(s->files, capacity * sizeof(*files));

		if (!files) {
			problem(form->call, &problem_internal, "out of memory");
			return NULL;
		}
		s->files = files;
		form->capacity = capacity;
	}
	s->files[s->n_files] = (struct submitted_file){ .size = EVENT_NULL_LONG };
	return &s->files[s->n_files++];
}

static void
set_stored(struct form *form, struct submitted_file *file, const struct blob_done *stored)
{
	file->size = stored->size;
	file->source_uri = arena_text(form->arena, stored->uri, strlen(stored->uri));
	file->sha256 = arena_text(form->arena, stored->sha256, strlen(stored->sha256));
	if (!file->source_uri || !file->sha256)
		problem(form->call, &problem_too_large, "The submission's texts are too long.");
}

static void
set_file_name(struct form *form, struct submitted_file *file, const char *field, const char *name)
{
	const char *defect = file_name_defect(name);

	if (defect)
		problem_field(form->call, field, "%s", defect);
	else
		set_text(form, field, &file->file_name, name, FILE_NAME_MAX);
}

/* ---- multipart ---- */

/* Was it said before, and is it another thing now? */
static bool
is_contradicted(struct form *form, const char *name, const char *value)
{
	static const char *const names[FORM_FIELDS] = { "pipeline_id", "priority",
		"failures_tolerated", "batch_description", "customer_prefix" };

	for (size_t i = 0; i < FORM_FIELDS; i++) {
		if (strcmp(name, names[i]))
			continue;
		if (form->said[i] && strcmp(form->said[i], value))
			return !problem_field(form->call, name, "is given twice, and differs");
		form->said[i] = arena_text(form->arena, value, strlen(value));
	}
	return false;
}

/* A file that lies elsewhere; what it is called came before it. */
static void
add_named(struct form *form, const char *uri)
{
	struct submitted_file *file = file_add(form);
	char field[FIELD_SIZE];

	if (!file)
		return;
	snprintf(field, sizeof(field), "files[%zu].file_name", form->n_files - 1);
	if (form->file_name)
		set_file_name(form, file, field, form->file_name);
	else
		problem_field(form->call, field, "is missing: it comes before source_uri");
	snprintf(field, sizeof(field), "files[%zu].source_uri", form->n_files - 1);
	source_name(form, file, field, uri);
	form->file_name = NULL;
}

void
form_read_field(struct form *form, const char *name, const char *value)
{
	int64_t number;

	if (!*value || is_contradicted(form, name, value))
		return;		/* an empty field of a form says nothing */
	if (!strcmp(name, "batch_description"))
		set_text(form, name, &form->submitted.render_description, value, DESCRIPTION_MAX);
	if (!strcmp(name, "customer_prefix"))
		set_prefix(form, value);
	if (!strcmp(name, "file_name"))
		form->file_name = arena_text(form->arena, value, strlen(value));
	if (!strcmp(name, "source_uri"))
		add_named(form, value);
	for (size_t i = 0; i < N_SCALARS; i++) {
		if (strcmp(name, scalars[i].name))
			continue;
		if (number_read(&number, value, INT64_MIN, INT64_MAX))
			set_number(form, &scalars[i], number);
		else
			problem_field(form->call, name, "is not a whole number");
	}
}

void
form_add_stored(struct form *form, const char *file_name, const struct blob_done *stored)
{
	struct submitted_file *file = file_add(form);
	char field[FIELD_SIZE];

	if (!file)
		return;
	snprintf(field, sizeof(field), "files[%zu].file_name", form->n_files - 1);
	set_file_name(form, file, field, file_name);
	set_stored(form, file, stored);
}

/* ---- JSON ---- */

/* A member that is there and not null; of another kind it is a defect, and NULL too. */
static const struct doc_value *
member(struct form *form, const struct doc_value *object, const char *name, const char *field,
    enum doc_kind wanted)
{
	const struct doc_value *value = doc_member(object, name);
	enum doc_kind kind = doc_kind(value);

	if (kind == DOC_ABSENT || kind == DOC_NULL)
		return NULL;
	if (kind == wanted)
		return value;
	problem_field(form->call, field, "is %s; %s is wanted", doc_kind_name(kind),
	    doc_kind_name(wanted));
	return NULL;
}

static void
read_scalars(struct form *form, const struct doc_value *root)
{
	const struct doc_value *value;
	int64_t number = 0;

	for (size_t i = 0; i < N_SCALARS; i++) {
		const char *name = scalars[i].name;

		value = member(form, root, name, name, DOC_INT);
		if (value && doc_int(value, &number))
			set_number(form, &scalars[i], number);
	}
	value = member(form, root, "batch_description", "batch_description", DOC_TEXT);
	if (value)
		set_text(form, "batch_description", &form->submitted.render_description,
		    doc_text(value), DESCRIPTION_MAX);
	value = member(form, root, "customer_prefix", "customer_prefix", DOC_TEXT);
	if (value)
		set_prefix(form, doc_text(value));
}

static void
read_data(struct form *form, struct submitted_file *file, const char *field,
    const struct doc_value *value)
{
	struct blob_done stored;

	if (data_store(form->call, field, value, &stored))
		set_stored(form, file, &stored);
}

/* where: "" for the object of a single job, else "files[3]." */
static void
read_file(struct form *form, const struct doc_value *object, const char *where)
{
	const struct doc_value *name, *data, *source;
	struct submitted_file *file = file_add(form);
	char field[3][FIELD_SIZE];

	if (!file)
		return;
	snprintf(field[0], FIELD_SIZE, "%sfile_name", where);
	snprintf(field[1], FIELD_SIZE, "%sfile_data", where);
	snprintf(field[2], FIELD_SIZE, "%ssource_uri", where);
	name = member(form, object, "file_name", field[0], DOC_TEXT);
	data = member(form, object, "file_data", field[1], DOC_TEXT);
	source = member(form, object, "source_uri", field[2], DOC_TEXT);
	if (name)
		set_file_name(form, file, field[0], doc_text(name));
	else if (doc_kind(doc_member(object, "file_name")) <= DOC_NULL)
		problem_field(form->call, field[0], "is missing");
	if (data && source)
		problem_field(form->call, field[2], "has no place beside file_data");
	else if (data)
		read_data(form, file, field[1], data);
	else if (source)
		source_name(form, file, field[2], doc_text(source));
	else if (doc_kind(doc_member(object, "file_data")) <= DOC_NULL
	    && doc_kind(doc_member(object, "source_uri")) <= DOC_NULL)
		problem_field(form->call, field[1], "is missing; so is source_uri");
}

static void
read_files(struct form *form, const struct doc_value *root)
{
	const struct doc_value *files = member(form, root, "files", "files", DOC_ARRAY);
	size_t n = doc_size(files);
	char where[FIELD_SIZE];

	if (n > form->call->gateway->files_max) {
		form->n_files = n;	/* not a byte of them is stored */
		form->is_full = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct doc_value *item = doc_item(files, i);

		snprintf(where, sizeof(where), "files[%zu]", i);
		if (doc_kind(item) != DOC_OBJECT)
			problem_field(form->call, where, "is %s; an object is wanted",
			    doc_kind_name(doc_kind(item)));
		snprintf(where, sizeof(where), "files[%zu].", i);
		if (doc_kind(item) == DOC_OBJECT)
			read_file(form, item, where);
	}
}

bool
form_read_json(struct form *form, bool single)
{
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *root;

	if (!jsonbody_read(form->call, &doc))
		return false;
	root = doc_root(doc);
	if (doc_kind(root) != DOC_OBJECT)
		return problem(form->call, &problem_invalid, "The body is %s; an object is wanted.",
		    doc_kind_name(doc_kind(root)));
	read_scalars(form, root);
	if (single)
		read_file(form, root, "");
	else
		read_files(form, root);
	return !problem_is_set(form->call);
}

/* ---- what only the whole shows ---- */

static bool
check_pipeline(struct form *form)
{
	own(db_rows_freep) struct db_rows *rows = NULL;
	int32_t id = form->submitted.pipeline_id;
	struct err err = {0};

	if (!db_call_run(form->call, &rows, &err, sql_gateway_pipeline, db_int4(id)))
		return problem_err(form->call, &err);
	if (db_count(rows) > 0)
		return true;
	problem(form->call, &problem_unknown_pipeline,
	    "pipeline_id: there is no pipeline %d, or it is switched off.", (int)id);
	return problem_field(form->call, "pipeline_id", "is not one of GET /api/pipelines");
}

/* A key for some customers names one of them: who the batch is for is not left to a file's name. */
static bool
check_customer(struct form *form)
{
	struct call *call = form->call;
	const char *prefix = form->submitted.customer_prefix;

	if (caller_may(call, prefix))
		return true;
	problem(call, &problem_forbidden, "This API key is for other customers.");
	return problem_field(call, "customer_prefix", prefix ? "is not one of this API key's"
	                                                     : "is missing; this API key needs it");
}

bool
form_finish(struct form *form, bool single)
{
	const struct accept_limits limits = { form->call->gateway->files_max, ACCEPT_INLINE_MAX,
		ACCEPT_RECORD_MAX };
	struct err err = {0};

	if (!form->has_pipeline && !problem_is_set(form->call))
		problem_field(form->call, "pipeline_id", "is missing");
	if (form->n_files == 0)
		problem_field(form->call, single ? "file_data" : "files", "is missing: at least one file "
		    "is wanted");
	if (form->is_full)
		problem_field(form->call, "files", "has %zu entries; at most %zu are taken",
		    form->n_files, limits.files);
	if (single && form->n_files > 1)
		problem_field(form->call, "files", "has %zu entries; POST /api/jobs/batch takes many",
		    form->n_files);
	if (problem_is_set(form->call) || !check_pipeline(form) || !check_customer(form))
		return false;
	return accept_submission(&form->submitted, 0, &limits, &err)
	    || problem(form->call, &problem_invalid, "%s", err.text);
}
