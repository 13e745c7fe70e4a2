/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart.c: four states over a window of what came and is not used up. The body is read as if a
 * line end stood before it, so that the first boundary is like the others.
 *
 *	preamble -> mark -> headers -> content -> mark .. -> epilogue
 */
#include "multipart.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"

enum state { PREAMBLE, MARK, HEADERS, CONTENT, EPILOGUE };

struct multipart {
	struct multipart_listener listener;
	char mark[MULTIPART_BOUNDARY_MAX + 5];	/* CR LF - - boundary */
	size_t mark_size;
	enum state state;
	struct buf window;
	size_t used;		/* of the window */
};

static bool
bad(struct err *err, const char *what)
{
	return err_code(err, ERR_REJECT, "bad_multipart", "multipart: %s", what);
}

/* The value of a parameter as in `form-data; name="x"`: a token or a quoted string, in which a
 * backslash stands only before a quote (browsers and curl leave others alone). False: it is not
 * there, or too long (*there). */
static bool
parameter_read(char *ret, size_t size, const char *header, const char *name, bool *there)
{
	size_t name_size = strlen(name), n = 0;
	const char *at = header + strcspn(header, ";");

	*there = false;
	while (*at == ';') {
		at += 1 + strspn(at + 1, " \t");
		bool wanted = !strncasecmp(at, name, name_size) && at[name_size] == '=';

		*there |= wanted;
		at += strcspn(at, "=;\"");
		bool quoted = at[0] == '=' && at[1] == '"';

		for (at += quoted ? 2 : *at == '='; *at && (quoted ? *at != '"' : !strchr("; \t", *at));
		     at++) {
			at += quoted && at[0] == '\\' && at[1] == '"';
			if (wanted && n + 1 < size)
				ret[n++] = *at;
			else if (wanted)
				return false;
		}
		if (wanted) {
			ret[n] = '\0';
			return true;
		}
		at += strcspn(at, ";");
	}
	return false;
}

bool
multipart_new(struct multipart **ret, const char *content_type,
    const struct multipart_listener *listener, struct err *err)
{
	own(multipart_freep) struct multipart *m = calloc(1, sizeof(*m));
	char boundary[MULTIPART_BOUNDARY_MAX + 1];
	bool there;

	if (!m)
		return err_set(err, ERR_FATAL, "out of memory");
	if (!parameter_read(boundary, sizeof(boundary), content_type, "boundary", &there) || !*boundary)
		return bad(err, "Content-Type has no boundary of 1 to 70 characters");
	m->mark_size = (size_t)snprintf(m->mark, sizeof(m->mark), "\r\n--%s", boundary);
	m->listener = *listener;
	buf_add_text(&m->window, "\r\n");
	*ret = multipart_free_hand_over(&m);
	return true;
}

void
multipart_free(struct multipart *m)
{
	if (!m)
		return;
	buf_clear(&m->window);
	free(m);
}

/* ---- a part's headers ---- */

/* Browsers write a quote and line ends in names as %22 %0D %0A (HTML, "multipart form data"). */
static void
name_unescape(char *name)
{
	static const char *const escapes[] = { "%22\"", "%0D\r", "%0A\n" };
	char *to = name;

	while (*name) {
		size_t i = 0;

		while (i < 3 && strncmp(name, escapes[i], 3))
			i++;
		*to++ = i < 3 ? escapes[i][3] : *name;
		name += i < 3 ? 3 : 1;
	}
	*to = '\0';
}

/* What filename* holds (RFC 8187), utf-8'en'%C3%A9.png, as bytes; false: it is no such thing. */
static bool
extended_decode(char *ret, size_t size, const char *text)
{
	const char *at = strncasecmp(text, "utf-8'", 6) ? NULL : strchr(text + 6, '\'');
	size_t n = 0;

	if (!at)
		return false;
	while (*++at) {
		unsigned byte = (unsigned char)*at;

		if (*at == '%') {
			if (!isxdigit((unsigned char)at[1]) || sscanf(at + 1, "%2x", &byte) != 1
			    || !isxdigit((unsigned char)at[2]) || byte == 0)
				return false;
			at += 2;
		}
		if (n + 1 >= size)
			return false;
		ret[n++] = (char)byte;
	}
	ret[n] = '\0';
	return true;
}

struct part {
	bool is_there, is_file;
	char name[MULTIPART_NAME_MAX], file_name[MULTIPART_NAME_MAX];
};

/* filename* is believed before filename, in which programs put what old ones may read. */
static bool
file_name_read(struct part *part, const char *value, struct err *err)
{
	char extended[3 * MULTIPART_NAME_MAX];
	bool there, has_plain;

	if (parameter_read(extended, sizeof(extended), value, "filename*", &there)
	    && extended_decode(part->file_name, sizeof(part->file_name), extended)) {
		part->is_file = true;
		return true;
	}
	part->is_file = parameter_read(part->file_name, sizeof(part->file_name), value, "filename",
	    &has_plain);
	if (has_plain && !part->is_file)
		return bad(err, "a file's name is too long");
	if (there && !part->is_file)
		return bad(err, "a part's filename* is not utf-8''NAME, or too long");
	name_unescape(part->file_name);
	return true;
}

static bool
disposition_read(struct part *part, const char *value, struct err *err)
{
	bool there = false;

	if (part->is_there)
		return bad(err, "a part has two Content-Disposition");
	if (strncasecmp(value, "form-data", 9)
	    || !parameter_read(part->name, sizeof(part->name), value, "name", &there))
		return bad(err, there ? "a part's name is too long" : "a part has no name");
	name_unescape(part->name);
	if (!file_name_read(part, value, err))
		return false;
	part->is_there = true;
	return true;
}

/* The value of a header line, when it has this name. */
static const char *
header_value(const char *line, const char *name)
{
	size_t size = strlen(name);

	if (strncasecmp(line, name, size) || line[size] != ':')
		return NULL;
	return line + size + 1 + strspn(line + size + 1, " \t");
}

/* A part is stored as it came: one that says it is encoded is not what it should be. */
static bool
encoding_check(const char *line, struct err *err)
{
	static const char *const names[] = { "Content-Transfer-Encoding", "Content-Encoding" };
	static const char *const plain[] = { "", "7bit", "8bit", "binary", "identity" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = header_value(line, names[i]);
		size_t size = value ? strcspn(value, " \t") : 0;
		bool is_plain = !value;

		for (size_t k = 0; value && k < sizeof(plain) / sizeof(*plain); k++)
			is_plain |= !strncasecmp(value, plain[k], size) && !plain[k][size];
		if (!is_plain)
			return err_code(err, ERR_REJECT, "bad_multipart", "multipart: %s %.40s is not taken: "
			    "send a part's bytes as they are", names[i], value);
	}
	return true;
}

/* headers: NUL-terminated lines, each ended by CR LF. */
static bool
part_begin(struct multipart *m, char *headers, struct err *err)
{
	struct part part = {0};

	for (char *line = headers, *next; *line; line = next) {
		char *end = strstr(line, "\r\n");
		const char *value;

		next = end ? end + 2 : line + strlen(line);
		if (end)
			*end = '\0';
		value = header_value(line, "Content-Disposition");
		if (!encoding_check(line, err) || (value && !disposition_read(&part, value, err)))
			return false;
	}
	if (!part.is_there)
		return bad(err, "a part has no Content-Disposition");
	return m->listener.begin(m->listener.state, part.name, part.is_file ? part.file_name : NULL);
}

/* ---- the states: each says whether it got on; without, it waits for more ---- */

static const uint8_t *
find(const struct multipart *m, const void *what, size_t size)
{
	return memmem(m->window.data + m->used, m->window.size - m->used, what, size);
}

static size_t
left(const struct multipart *m)
{
	return m->window.size - m->used;
}

/* What cannot belong to a mark that is still coming is content, or preamble. */
static bool
take_content(struct multipart *m, bool *got_on)
{
	const uint8_t *at = m->window.data + m->used, *mark = find(m, m->mark, m->mark_size);
	size_t size = mark ? (size_t)(mark - at)
	    : left(m) >= m->mark_size ? left(m) - m->mark_size + 1 : 0;
	bool is_content = m->state == CONTENT;

	m->used += size;
	if (is_content && size && !m->listener.bytes(m->listener.state, at, size))
		return false;
	if (!mark)
		return true;
	m->used += m->mark_size;
	m->state = MARK;
	*got_on = true;
	return !is_content || m->listener.end(m->listener.state);
}

/* Behind a boundary: "--" is the end, else blanks and a line end. */
static bool
take_mark(struct multipart *m, bool *got_on, struct err *err)
{
	const char *at = (const char *)m->window.data + m->used;
	size_t blanks = 0;

	if (left(m) >= 2 && !memcmp(at, "--", 2)) {
		m->state = EPILOGUE;
		*got_on = true;
		return true;
	}
	while (blanks < left(m) && (at[blanks] == ' ' || at[blanks] == '\t'))
		blanks++;
	if (left(m) < blanks + 2)
		return blanks < MULTIPART_HEADERS_MAX || bad(err, "a boundary's line is too long");
	if (memcmp(at + blanks, "\r\n", 2))
		return bad(err, "a boundary is followed by something else");
	m->used += blanks;	/* the line end stays: it may begin the empty line after no headers */
	m->state = HEADERS;
	*got_on = true;
	return true;
}

static bool
take_headers(struct multipart *m, bool *got_on, struct err *err)
{
	const uint8_t *end = find(m, "\r\n\r\n", 4);
	char headers[MULTIPART_HEADERS_MAX + 4];
	size_t size;

	if (!end)
		return left(m) <= MULTIPART_HEADERS_MAX || bad(err, "a part's headers are too long");
	size = (size_t)(end - (m->window.data + m->used));
	if (size > MULTIPART_HEADERS_MAX)
		return bad(err, "a part's headers are too long");
	memcpy(headers, m->window.data + m->used, size);
	memcpy(headers + size, "\r\n", 3);
	if (strlen(headers) != size + 2)
		return bad(err, "a part's headers hold a NUL");
	m->used += size + 4;
	m->state = CONTENT;
	*got_on = true;
	return part_begin(m, headers + 2 * (size > 0), err);
}

bool
multipart_take(struct multipart *m, const void *bytes, size_t size, struct err *err)
{
	bool got_on = true, well = true;

	if (m->state == EPILOGUE)
		return true;
	if (!buf_add(&m->window, bytes, size))
		return err_set(err, ERR_FATAL, "out of memory");
	while (got_on && well) {
		got_on = false;
		if (m->state == PREAMBLE || m->state == CONTENT)
			well = take_content(m, &got_on);
		else if (m->state == MARK)
			well = take_mark(m, &got_on, err);
		else if (m->state == HEADERS)
			well = take_headers(m, &got_on, err);
	}
	memmove(m->window.data, m->window.data + m->used, left(m));
	m->window.size -= m->used;
	m->used = 0;
	return well;
}

bool
multipart_finish(const struct multipart *m, struct err *err)
{
	return m->state == EPILOGUE || bad(err, "it ends before its last boundary");
}
