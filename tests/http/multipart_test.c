/* SPDX-License-Identifier: Apache-2.0 */
/* Forms as they come in. What was told is written down as text: name(file name){bytes}. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "producers/gateway/multipart.h"

#define TYPE "multipart/form-data; boundary=XX"
#define PART "--XX\r\nContent-Disposition: form-data; "

static bool
note_begin(void *state, const char *name, const char *file_name)
{
	return file_name ? buf_print(state, "%s(%s){", name, file_name)
			 : buf_print(state, "%s{", name);
}

static bool
note_bytes(void *state, const void *bytes, size_t size)
{
	return buf_add(state, bytes, size);
}

static bool
note_end(void *state)
{
	return buf_add_text(state, "}");
}

/* The body in pieces of `step` bytes; the notes, or NULL when it was refused. */
static const char *
told(const char *type, const char *body, size_t size, size_t step)
{
	static struct buf notes;
	const struct multipart_listener listener = { note_begin, note_bytes, note_end, &notes };
	own(multipart_freep) struct multipart *m = NULL;
	struct err err = { 0 };

	buf_reset(&notes);
	if (!multipart_new(&m, type, &listener, &err))
		return NULL;
	for (size_t at = 0; at < size; at += step)
		if (!multipart_take(m, body + at, at + step < size ? step : size - at, &err))
			return NULL;
	return multipart_finish(m, &err) ? buf_text(&notes) : NULL;
}

static const struct {
	const char *what, *body, *notes;
} forms[] = {
	{ "a field", PART "name=\"a\"\r\n\r\n1\r\n--XX--\r\n", "a{1}" },
	{ "a file",
	    PART "name=\"f\"; filename=\"x.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nxyz\r\n--XX--",
	    "f(x.jpg){xyz}" },
	{ "two parts", PART "name=a\r\n\r\n1\r\n" PART "name=b\r\n\r\n2\r\n--XX--\r\n",
	    "a{1}b{2}" },
	{ "no part", "--XX--\r\n", "" },
	{ "an empty value", PART "name=a\r\n\r\n\r\n--XX--\r\n", "a{}" },
	{ "words before and behind", "hello\r\n" PART "name=a\r\n\r\n1\r\n--XX--\r\nbye\r\n--XX",
	    "a{1}" },
	{ "line ends within", PART "name=a\r\n\r\n\r\n1\r\n\r\n--XX--\r\n", "a{\r\n1\r\n}" },
	{ "what nearly is a boundary", PART "name=a\r\n\r\n\r\n--X\r\n-XX\r\n--XX--",
	    "a{\r\n--X\r\n-XX}" },
	{ "blanks behind a boundary",
	    "--XX \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--XX--", "a{1}" },
	{ "headers in any case",
	    "--XX\r\ncontent-DISPOSITION:FORM-DATA;NAME=\"a\"\r\n\r\n1\r\n--XX--", "a{1}" },
	{ "a file without a name", PART "name=\"f\"; filename=\"\"\r\n\r\n\r\n--XX--", "f(){}" },
	{ "a quote as browsers write it",
	    PART "name=\"f\"; filename=\"a%22b.jpg\"\r\n\r\n\r\n--XX--", "f(a\"b.jpg){}" },
	{ "a quote as curl writes it", PART "name=\"f\"; filename=\"a\\\"b.jpg\"\r\n\r\n\r\n--XX--",
	    "f(a\"b.jpg){}" },
	{ "a semicolon in a name", PART "name=\"f;x=y\"; filename=\"a;b=c.jpg\"\r\n\r\n\r\n--XX--",
	    "f;x=y(a;b=c.jpg){}" },
	{ "a name in UTF-8 alone", PART "name=\"f\"; filename*=utf-8''%C3%A9.png\r\n\r\n\r\n--XX--",
	    "f(é.png){}" },
	{ "a name in UTF-8 beside what .NET writes",
	    PART "name=\"f\"; filename=\"=?utf-8?B?w6kucG5n?=\"; "
		 "filename*=utf-8''%C3%A9.png\r\n\r\n\r\n--XX--",
	    "f(é.png){}" },
	{ "a name in UTF-8 before another",
	    PART "name=f; filename*=UTF-8'de'a%20%22b.png; filename=a.png\r\n\r\n\r\n--XX--",
	    "f(a \"b.png){}" },
	{ "a name in another alphabet beside a plain one",
	    PART "name=f; filename=e.png; filename*=iso-8859-1''%E9.png\r\n\r\n\r\n--XX--",
	    "f(e.png){}" },
	{ "an encoding that is none",
	    PART "name=a\r\nContent-Transfer-Encoding: binary \r\n\r\n1\r\n--XX--", "a{1}" },
	{ "a field that is called like the parameter",
	    PART "name=\"filename=x\"\r\n\r\n1\r\n--XX--", "filename=x{1}" },
};

Test(multipart, tells_the_same_however_it_is_cut)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		for (size_t step = 1; step <= strlen(forms[i].body); step++) {
			const char *notes = told(TYPE, forms[i].body, strlen(forms[i].body), step);

			cr_assert_not_null(notes, "%s, by %zu", forms[i].what, step);
			cr_assert_str_eq(
			    notes, forms[i].notes, "%s, by %zu: %s", forms[i].what, step, notes);
		}
}

Test(multipart, cut_short_anywhere_is_refused)
{
	static const char body[] = PART "name=a\r\n\r\n1\r\n" PART "name=b\r\n\r\n2\r\n--XX--";

	for (size_t size = 0; size < sizeof(body) - 1; size++)
		cr_assert_null(told(TYPE, body, size, 7), "%zu", size);
}

Test(multipart, malformed_is_refused)
{
	static const char *const bodies[] = { "", "x", "--XY--", "--XX\r\n\r\n1\r\n--XX--",
		"--XX\r\nContent-Type: text/plain\r\n\r\n1\r\n--XX--",
		PART "nome=a\r\n\r\n1\r\n--XX--",
		"--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--XX--",
		"--XXjunk\r\n", PART "name=a\n\n1\n--XX--",
		PART "name=f; filename*=iso-8859-1''%E9.png\r\n\r\n1\r\n--XX--",
		PART "name=f; filename*=e.png\r\n\r\n1\r\n--XX--",
		PART "name=f; filename*=utf-8''a%0xb\r\n\r\n1\r\n--XX--",
		PART "name=f; filename*=utf-8''a%00b\r\n\r\n1\r\n--XX--",
		PART "name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1\r\n--XX--",
		PART "name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--XX--",
		"--XX\r\ncontent-transfer-encoding:Quoted-Printable\r\n"
		"Content-Disposition: form-data; name=a\r\n\r\n1\r\n--XX--",
		PART "name=a\r\nContent-Encoding: gzip\r\n\r\n1\r\n--XX--" };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		cr_expect_null(told(TYPE, bodies[i], strlen(bodies[i]), 5), "%s", bodies[i]);
}

Test(multipart, a_nul_is_content_and_no_header)
{
	static const char content[] = PART "name=a\r\n\r\n1\0002\r\n--XX--";
	static const char header[] = PART "name=\"a\0b\"\r\n\r\n1\r\n--XX--";

	cr_assert_not_null(told(TYPE, content, sizeof(content) - 1, 3));
	cr_assert_null(told(TYPE, header, sizeof(header) - 1, 3));
}

Test(multipart, headers_have_a_limit)
{
	static char body[MULTIPART_HEADERS_MAX + 2000];
	size_t size = (size_t)snprintf(body, sizeof(body),
	    PART "name=a\r\nX: %0*d\r\n\r\n1\r\n--XX--", MULTIPART_HEADERS_MAX, 7);

	cr_assert_null(told(TYPE, body, size, 100));
	cr_assert_null(told(TYPE, body, size, size));
}

Test(multipart, names_have_a_limit)
{
	char body[MULTIPART_NAME_MAX + 200];
	size_t size = (size_t)snprintf(
	    body, sizeof(body), PART "name=\"%0*d\"\r\n\r\n1\r\n--XX--", MULTIPART_NAME_MAX, 7);

	cr_assert_null(told(TYPE, body, size, size));
}

Test(multipart, the_boundary_stands_in_the_content_type)
{
	static const struct {
		const char *type;
		bool well;
	} rows[] = {
		{ TYPE, true },
		{ "multipart/form-data;boundary=\"XX\"", true },
		{ "multipart/form-data; charset=utf-8; BOUNDARY=XX ; x=y", true },
		{ "multipart/form-data", false },
		{ "multipart/form-data; boundary=", false },
		{ "multipart/form-data; boundary=\"\"", false },
		{ "multipart/form-data; xboundary=XX", false },
		{ "multipart/form-data; boundary="
		  "1234567890123456789012345678901234567890123456789012345678901234567890x",
		    false },
	};
	static const char body[] = PART "name=a\r\n\r\n1\r\n--XX--";

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(told(rows[i].type, body, sizeof(body) - 1, 9) != NULL, rows[i].well,
		    "%s", rows[i].type);
}

static bool
stop(void *state, const void *bytes, size_t size)
{
	(void)bytes, (void)size;
	++*(int *)state;
	return false;
}

static bool
go_on(void *state, const char *name, const char *file_name)
{
	(void)state, (void)name, (void)file_name;
	return true;
}

static bool
never(void *state)
{
	(void)state;
	cr_assert_fail("the part was given up");
	return false;
}

Test(multipart, a_listener_that_has_enough_ends_it)
{
	static const char body[] = PART "name=a\r\n\r\n1\r\n--XX--";
	int calls = 0;
	const struct multipart_listener listener = { go_on, stop, never, &calls };
	own(multipart_freep) struct multipart *m = NULL;
	struct err err = { 0 };

	cr_assert(multipart_new(&m, TYPE, &listener, &err));
	cr_assert_not(multipart_take(m, body, sizeof(body) - 1, &err));
	cr_assert_eq(calls, 1);
	cr_assert_str_eq(err.text, "");
}
