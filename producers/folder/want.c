/* SPDX-License-Identifier: Apache-2.0 */
/* want.c: see want.h. */
#include "want.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "folder.h"

enum { TOKENS = 2 };		/* of a folder's name, as the projector takes them of a file's */

/* "PL_DXB villa 3": a blank or a dash ends it as an underscore does. */
static size_t
word_length(const char *name)
{
	size_t n = 0;

	while (name[n] == '_' || isalnum((unsigned char)name[n]))
		n++;
	return n;
}

void
want_of_name(struct want *ret, const char *name, int64_t pipeline, const char *customer)
{
	char ended[NAME_SIZE + 1];

	*ret = (struct want){ .pipeline_id = pipeline };
	snprintf(ret->description, sizeof(ret->description), "%s", name);
	snprintf(ended, sizeof(ended), "%.*s_", (int)word_length(name), name);
	if (*customer)
		snprintf(ret->customer_prefix, sizeof(ret->customer_prefix), "%s", customer);
	else
		prefix_of_file(ret->customer_prefix, ended, TOKENS);
	if (!*customer && !strcmp(ret->customer_prefix, PREFIX_UNSORTED))
		*ret->customer_prefix = '\0';
}

/* ---- batch.json ---- */

static bool
refuse(struct err *err, const char *name, const char *why)
{
	return err_code(err, ERR_REJECT, "settings", SETTINGS ": %s %s", name, why);
}

static bool
text_read(char *ret, size_t size, const char *name, const struct doc_value *value, struct err *err)
{
	const char *text = doc_text(value);

	if (!text)
		return refuse(err, name, "is not a text");
	if (doc_text_size(value) >= size)
		return refuse(err, name, "is too long");
	snprintf(ret, size, "%s", text);
	return true;
}

static bool
number_read(int64_t *ret, int64_t least, const char *name, const struct doc_value *value, struct err *err)
{
	if (!doc_int(value, ret))
		return refuse(err, name, "is not a whole number");
	return *ret >= least || refuse(err, name, least ? "is less than 1" : "is less than 0");
}

struct reading { struct want *want; struct err *err; bool well; };

static bool
member_read(void *state, const char *name, const struct doc_value *value)
{
	struct reading *r = state;
	struct want *want = r->want;

	if (doc_kind(value) == DOC_NULL)
		return true;
	if (!strcmp(name, "pipeline_id"))
		r->well = number_read(&want->pipeline_id, 1, name, value, r->err);
	else if (!strcmp(name, "description"))
		r->well = text_read(want->description, DESCRIPTION_SIZE, name, value, r->err);
	else if (!strcmp(name, "customer_prefix"))
		r->well = text_read(want->customer_prefix, PREFIX_SIZE, name, value, r->err)
		    && (prefix_is_valid(want->customer_prefix) || refuse(r->err, name,
		        "is no prefix of a customer, as PL_DXB is"));
	else if (!strcmp(name, "priority"))
		r->well = want->has_priority = number_read(&want->priority, 0, name, value, r->err)
		    && (want->priority <= 9 || refuse(r->err, name, "is more than 9"));
	else if (!strcmp(name, "failures_tolerated"))
		r->well = want->has_failures_tolerated
		    = number_read(&want->failures_tolerated, 0, name, value, r->err);
	else
		r->well = refuse(r->err, name, "is not known: pipeline_id, customer_prefix, description, "
		    "priority and failures_tolerated are");
	return r->well;
}

bool
want_take(struct want *ret, const struct doc_value *object, struct err *err)
{
	struct reading reading = { ret, err, true };

	if (doc_kind(object) != DOC_OBJECT)
		return err_code(err, ERR_REJECT, "settings", SETTINGS " is not an object");
	doc_members(object, member_read, &reading);
	return reading.well;
}

bool
want_read(struct want *ret, const void *json, size_t size, struct err *err)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };	/* as some editors begin a text */
	own(doc_freep) struct doc *doc = NULL;
	size_t skip = size >= sizeof(bom) && !memcmp(json, bom, sizeof(bom)) ? sizeof(bom) : 0;

	return doc_read(&doc, (const uint8_t *)json + skip, size - skip, err) ? want_take(ret, doc_root(doc), err)
	                                       : err_at(err, SETTINGS);
}

void
want_put(struct put *put, const struct want *want)
{
	if (want->pipeline_id)
		put_int_of(put, "pipeline_id", want->pipeline_id);
	if (*want->customer_prefix)
		put_text_of(put, "customer_prefix", want->customer_prefix);
	if (*want->description)
		put_text_of(put, "description", want->description);
	if (want->has_priority)
		put_int_of(put, "priority", want->priority);
	if (want->has_failures_tolerated)
		put_int_of(put, "failures_tolerated", want->failures_tolerated);
}

/* ---- names ---- */

static bool
ends_with(const char *name, const char *end)
{
	size_t size = strlen(name), n = strlen(end);

	return size >= n && !strcasecmp(name + size - n, end);
}

/* What systems leave in folders, files or folders. */
static bool
is_junk(const char *name)
{
	static const char *const names[] = { "Thumbs.db", "ehthumbs.db", "desktop.ini", "@eaDir",
		"__MACOSX", "#recycle", "Icon\r" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcasecmp(name, names[i]))
			return true;
	return *name == '.' || *name == '~' || ends_with(name, "~");
}

static bool
is_unfinished(const char *name)
{
	static const char *const ends[] = { ".part", ".partial", ".filepart", ".crdownload", ".download",
		".tmp", ".temp" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends_with(name, ends[i]))
			return true;
	return false;
}

enum kind
kind_of(const char *name, mode_t mode)
{
	if (is_junk(name))
		return KIND_JUNK;
	if (S_ISDIR(mode))
		return KIND_FOLDER;
	if (!S_ISREG(mode))
		return KIND_STRANGE;
	return is_unfinished(name)        ? KIND_UNFINISHED
	    : !strcmp(name, SETTINGS)     ? KIND_SETTINGS
	    : !strcmp(name, WHY)          ? KIND_WHY
	                                  : KIND_PICTURE;
}
