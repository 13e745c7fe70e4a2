/* SPDX-License-Identifier: Apache-2.0 */
/* accept.c: the limits of a submission, each with its word. */
#include "batch/accept.h"
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "batch/name.h"
#include "event/texts.h"

/* Of our own store inputs alone, which are named by their content: outputs and archives are other
 * people's. What other stores hold is the renderer's to judge. */
static bool
is_source(const char *uri)
{
	static const char inputs[] = "blob:sha256/";

	return strncmp(uri, "blob:", 5) || (!strncmp(uri, inputs, sizeof(inputs) - 1)
	    && hash_is_hex(uri + sizeof(inputs) - 1));
}

static bool
accept_file(const struct submitted_file *file, size_t i, const struct accept_limits *limits,
    struct err *err)
{
	const char *defect = file_name_defect(file->file_name);

	if (defect)
		return err_code(err, ERR_REJECT, "bad_file_name", "files[%zu].file_name %s", i, defect);
	if (!file->source_uri == !file->data.data)
		return err_code(err, ERR_REJECT, "bad_source",
		    "files[%zu]: exactly one of source_uri and data is wanted", i);
	if (file->source_uri && !is_source(file->source_uri))
		return err_code(err, ERR_REJECT, "bad_source",
		    "files[%zu].source_uri is no input: blob:sha256/ and 64 lower-case hex digits", i);
	if (file->data.size > limits->inline_bytes)
		return err_code(err, ERR_REJECT, "data_too_large",
		    "files[%zu].data is %zu bytes; at most %zu may come inline", i, file->data.size,
		    limits->inline_bytes);
	if (file->sha256 && !hash_is_hex(file->sha256))
		return err_code(err, ERR_REJECT, "bad_sha256",
		    "files[%zu].sha256 is not 64 lower-case hex digits", i);
	if (file->size != EVENT_NULL_LONG && (file->size < 0 || file->size > ACCEPT_SIZE_MAX))
		return err_code(err, ERR_REJECT, "bad_size", "files[%zu].size is not from 0 to %lld", i,
		    (long long)ACCEPT_SIZE_MAX);
	return true;
}

bool
accept_submission(const struct batch_submitted *s, size_t record_bytes,
    const struct accept_limits *limits, struct err *err)
{
	if (record_bytes > limits->record_bytes)
		return err_code(err, ERR_REJECT, "record_too_large",
		    "the record is %zu bytes; at most %zu are taken", record_bytes,
		    limits->record_bytes);
	if (s->n_files == 0)
		return err_code(err, ERR_REJECT, "no_files", "files is empty");
	if (s->n_files > limits->files)
		return err_code(err, ERR_REJECT, "too_many_files",
		    "files has %zu entries; at most %zu are taken", s->n_files, limits->files);
	if (s->customer_prefix && !prefix_is_valid(s->customer_prefix))
		return err_code(err, ERR_REJECT, "bad_prefix", "customer_prefix is not one to four "
		    "tokens of capitals and digits, joined by _");
	if (s->priority < 0 || s->priority > 9)
		return err_code(err, ERR_REJECT, "bad_priority", "priority is not from 0 to 9");
	if (s->failures_tolerated < 0 && s->failures_tolerated != EVENT_NULL_INT)
		return err_code(err, ERR_REJECT, "bad_failures_tolerated",
		    "failures_tolerated is negative");
	for (size_t i = 0; i < s->n_files; i++)
		if (!accept_file(&s->files[i], i, limits, err))
			return false;
	return texts_check(EVENT_BATCH_SUBMITTED, s, err);
}

/* A length (or all ones for null) before each text, so that no two lists look alike. */
static void
digest_text(struct hash *hash, const char *text)
{
	uint64_t size = htobe64(text ? strlen(text) : UINT64_MAX);

	hash_add(hash, &size, sizeof(size));
	if (text)
		hash_add(hash, text, strlen(text));
}

static void
digest_number(struct hash *hash, int64_t number)
{
	uint64_t order = htobe64((uint64_t)number);

	hash_add(hash, &order, sizeof(order));
}

void
accept_digest(uint8_t ret[32], const struct batch_submitted *s)
{
	own(hash_freep) struct hash *hash = hash_new();

	if (!hash)
		abort();	/* a small allocation: nothing else would work either */
	digest_text(hash, s->submitted_by);
	digest_number(hash, s->pipeline_id);
	digest_text(hash, s->customer_prefix);
	digest_text(hash, s->render_description);
	digest_number(hash, s->priority);
	digest_number(hash, s->failures_tolerated);
	digest_number(hash, (int64_t)s->n_files);
	for (size_t i = 0; i < s->n_files; i++) {
		digest_text(hash, s->files[i].file_name);
		digest_text(hash, s->files[i].source_uri);
		digest_number(hash, (int64_t)s->files[i].data.size);
		if (s->files[i].data.data)
			hash_add(hash, s->files[i].data.data, s->files[i].data.size);
	}
	hash_end(hash, ret);
}
