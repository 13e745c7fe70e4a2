/* SPDX-License-Identifier: Apache-2.0 */
/* data.c: a picture within JSON: base64, into the store, or where it lies. Lines of any length are taken,
 * as mail and half of the libraries write them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/base64.h"
#include "base/hash.h"
#include "base/json.h"
#include "batch/source.h"
#include "gateway.h"

enum { PREFIX_SHOWN = 80 };

static bool
is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

static size_t
join_lines(uint8_t *ret, const char *text, size_t size)
{
	size_t n = 0;

	if (!memchr(text, '\n', size) && !memchr(text, '\r', size)) {
		memcpy(ret, text, size);
		return size;
	}
	for (size_t i = 0; i < size; i++)
		if (!is_line_end(text[i]))
			ret[n++] = (uint8_t)text[i];
	return n;
}

/* Where in the text the joined one has its character `at`. */
static size_t
place_of(const char *text, size_t at)
{
	size_t i = 0;

	for (;; i++)
		if (!is_line_end(text[i]) && at-- == 0)
			return i;
}

static bool
decode(struct call *call, const char *field, const char *text, size_t size, uint8_t *bytes, size_t *n)
{
	size_t at = 0, joined = join_lines(bytes, text, size);

	if (!strncasecmp(text, "data:", 5)) {
		size_t head = strcspn(text, ",");

		return problem_field(call, field, "begins with \"%.*s\": send alone what is behind the "
		    "comma", head < PREFIX_SHOWN ? (int)head + 1 : PREFIX_SHOWN, text);
	}
	if (base64_read(bytes, n, (const char *)bytes, joined, &at))
		return true;
	if (at == joined)
		return problem_field(call, field, "is not base64: its length %zu is no multiple of 4",
		    joined);
	return problem_field(call, field, "is not base64: see character %zu", place_of(text, at));
}

bool
file_too_large(struct call *call, const char *field)
{
	size_t most = call->gateway->file_max;

	problem(call, &problem_too_large, "%s: a file is at most %zu bytes.", field, most);
	return problem_field(call, field, "is longer than %zu bytes, which is the most", most);
}

bool
data_store(struct call *call, const char *field, const struct doc_value *value,
    struct blob_done *ret)
{
	size_t size = doc_text_size(value), n = 0;
	uint8_t *bytes = malloc(size + 1);
	struct err err = {0};
	bool well = false;

	if (!bytes)
		problem(call, &problem_internal, "out of memory");
	else if (!decode(call, field, doc_text(value), size, bytes, &n))
		;
	else if (n > call->gateway->file_max)
		file_too_large(call, field);
	else if (!problem_is_set(call))
		well = blob_put(call->gateway->blobs, bytes, n, ret, &err) || problem_err(call, &err);
	free(bytes);
	return well;
}

/* A picture that is in the store already, by its content's name. */
static void
name_stored(struct form *form, struct submitted_file *file, const char *field, const char *uri)
{
	struct blob_store *blobs = form->call->gateway->blobs;
	struct err err = {0};
	int fd;

	/* Named now: the sweep of old inputs passes it over. */
	if (!blob_touch(blobs, uri, &err) || !blob_read_open(blobs, uri, &fd, &file->size, &err)) {
		if (!strcmp(err.code, "blob_not_found"))
			problem_field(form->call, field, "is not in the store");
		else
			problem_err(form->call, &err);
		return;
	}
	close(fd);
	file->source_uri = arena_text(form->arena, uri, strlen(uri));
	file->sha256 = arena_text(form->arena, strchr(uri, '/') + 1, SHA256_TEXT_SIZE - 1);
	if (!file->source_uri || !file->sha256)
		problem(form->call, &problem_too_large, "The submission's texts are too long.");
}

/* One that lies elsewhere. It is a renderer that asks there: nothing is known of it yet. */
static void
name_elsewhere(struct form *form, struct submitted_file *file, const char *field, const char *uri)
{
	const char *hosts = form->call->gateway->source_hosts;
	const char *defect = source_defect(uri, hosts ? hosts : "");

	if (defect)
		problem_field(form->call, field, "%s; POST /api/blobs takes the picture itself", defect);
	else if (!(file->source_uri = arena_text(form->arena, uri, strlen(uri))))
		problem(form->call, &problem_too_large, "The submission's texts are too long.");
}

void
source_name(struct form *form, struct submitted_file *file, const char *field, const char *uri)
{
	static const char scheme[] = "blob:sha256/";

	if (source_is_https(uri))
		name_elsewhere(form, file, field, uri);
	else if (!strncmp(uri, scheme, sizeof(scheme) - 1) && hash_is_hex(uri + sizeof(scheme) - 1))
		name_stored(form, file, field, uri);
	else
		problem_field(form->call, field, "is not blob:sha256/<64 hex digits>, the answer to "
		    "POST /api/blobs, nor https://");
}
