/* SPDX-License-Identifier: Apache-2.0 */
/* name.c: see name.h. A prefix is ASCII; a stem keeps every script's letters. Neither hangs on a
 * locale. The only file that includes utf8proc.h. */
#include "batch/name.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>
#include "base/utf8.h"

enum { TOKEN_MAX = 16, TOKENS_MAX = 4 };

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of the token that starts here; 0 when none does. */
static size_t
token_length(const char *text)
{
	size_t n = 0;

	if (!is_capital(*text))
		return 0;
	while (is_capital(text[n]) || is_digit(text[n]))
		n++;
	return n <= TOKEN_MAX ? n : 0;
}

bool
prefix_is_valid(const char *prefix)
{
	for (int tokens = 0; tokens < TOKENS_MAX; tokens++) {
		size_t n = token_length(prefix);

		if (n == 0)
			return false;
		if (!prefix[n])
			return true;
		if (prefix[n] != '_')
			return false;
		prefix += n + 1;
	}
	return false;
}

void
prefix_of_file(char ret[PREFIX_SIZE], const char *file_name, int most)
{
	const char *at = file_name;
	size_t size = 0;

	for (int tokens = 0; tokens < most && tokens < TOKENS_MAX; tokens++) {
		size_t n = token_length(at);

		if (n == 0 || at[n] != '_')
			break;
		at += n + 1;
		size = (size_t)(at - file_name) - 1;
	}
	if (size)
		snprintf(ret, PREFIX_SIZE, "%.*s", (int)size, file_name);
	else
		snprintf(ret, PREFIX_SIZE, PREFIX_UNSORTED);
}

const char *
file_name_defect(const char *file_name)
{
	size_t size = strlen(file_name);

	if (size == 0)
		return "is empty";
	if (size > FILE_NAME_MAX)
		return "is longer than 255 bytes";
	if (!utf8_is_valid(file_name, size))
		return "is not UTF-8";
	if (!utf8_is_printable(file_name, size))
		return "holds a control character";
	if (strchr(file_name, '/') || strchr(file_name, '\\'))
		return "holds a slash: a name, not a path, is wanted";
	if (!strcmp(file_name, ".") || !strcmp(file_name, ".."))
		return "names a folder";
	return NULL;
}

/* ---- stems ---- */

enum { POINTS_MAX = 4 * STEM_SIZE };	/* a character folds into 4 code points at most */

static bool
is_mark(utf8proc_category_t category)
{
	return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

/* Letters, marks and numbers of every script, and three signs that mean nothing to any shell,
 * file system or URL. */
static bool
is_safe(utf8proc_int32_t point, utf8proc_category_t category)
{
	return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO)
	    || point == '-' || point == '_' || point == '.';
}

/* Bytes of a device's name of Windows that the text is, or is up to its first dot; else 0. Such a
 * file cannot be made there, whatever stands behind the dot. */
static size_t
device_size(const char *text)
{
	static const char *const devices[] = { "CON", "PRN", "AUX", "NUL" };
	static const char *const numbered[] = { "COM", "LPT" };
	static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
		"\u00b9", "\u00b2", "\u00b3" };
	size_t size = strcspn(text, ".");

	for (size_t i = 0; size == 3 && i < sizeof(devices) / sizeof(*devices); i++)
		if (!strncasecmp(text, devices[i], 3))
			return size;
	for (size_t i = 0; size > 3 && i < sizeof(numbered) / sizeof(*numbered); i++)
		for (size_t d = 0; d < sizeof(digits) / sizeof(*digits); d++)
			if (!strncasecmp(text, numbered[i], 3) && size == 3 + strlen(digits[d])
			    && !strncmp(text + 3, digits[d], size - 3))
				return size;
	return 0;
}

/* The safe characters of `text`, which is in NFC, as long as whole ones fit: a letter stands with
 * all its marks or not at all. Returns the bytes. */
static size_t
safe_part(char ret[STEM_SIZE], const utf8proc_uint8_t *text)
{
	bool gap = false;		/* something unsafe stood here */
	size_t n = 0, letter = 0;	/* where the last one begins */
	utf8proc_int32_t point;
	utf8proc_ssize_t size;

	for (; (size = utf8proc_iterate(text, -1, &point)) > 0 && point; text += size) {
		utf8proc_category_t category = utf8proc_category(point);
		bool mark = is_mark(category), leads = point == '.' || point == '-';
		size_t dash;

		if (!is_safe(point, category) || (n == 0 && leads) || (mark && (gap || n == 0))) {
			gap = true;
			continue;
		}
		dash = gap && n && ret[n - 1] != '-' && point != '-';
		if (n + dash + (size_t)size > STEM_MAX)
			return mark ? letter : n;
		if (dash)
			ret[n++] = '-';
		if (!mark)
			letter = n;
		memcpy(ret + n, text, (size_t)size);
		n += (size_t)size;
		gap = false;
	}
	return n;
}

/* In NFC, without what cannot be seen. utf8proc allocates; NULL: out of memory, or no UTF-8. */
static utf8proc_uint8_t *
normal_form(const char *text, size_t size)
{
	utf8proc_uint8_t *ret = NULL;

	utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size, &ret,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_IGNORE);
	return ret;
}

void
stem_of_file(char ret[STEM_SIZE], const char *file_name)
{
	const char *dot = strrchr(file_name, '.');
	size_t size = dot && dot > file_name ? (size_t)(dot - file_name) : strlen(file_name);
	utf8proc_uint8_t *text = normal_form(file_name, size);
	size_t n = text ? safe_part(ret, text) : 0, device;

	free(text);
	while (n && ret[n - 1] == '.')
		n--;
	ret[n] = '\0';
	if (n == 0)
		strcpy(ret, "file");
	device = device_size(ret);
	if (device) {			/* CON.tar: CON_.tar */
		memmove(ret + device + 1, ret + device, n - device + 1);
		ret[device] = '_';
	}
}

bool
output_name_is_safe(const char *name)
{
	size_t size = strlen(name);
	utf8proc_int32_t point;

	if (size == 0 || size > FILE_NAME_MAX || *name == '.' || name[size - 1] == '.'
	    || !utf8_is_valid(name, size) || device_size(name))
		return false;
	while (utf8proc_iterate((const utf8proc_uint8_t *)name, -1, &point) > 0 && point
	    && is_safe(point, utf8proc_category(point)))
		name += utf8_length(name, size);
	return !*name;
}

static bool
is_ascii(const char *text)
{
	while (*text && (unsigned char)*text < 0x80)
		text++;
	return !*text;
}

/* The code points of the folded text; returns how many. */
static size_t
fold(utf8proc_int32_t ret[POINTS_MAX], const char *text)
{
	utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)text, 0, ret, POINTS_MAX,
	    UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_CASEFOLD | UTF8PROC_DECOMPOSE);

	return n < 0 ? 0 : n > POINTS_MAX ? POINTS_MAX : (size_t)n;
}

int
name_compare(const char *a, const char *b)
{
	utf8proc_int32_t left[POINTS_MAX], right[POINTS_MAX];
	size_t n_left, n_right, i = 0;

	if (is_ascii(a) && is_ascii(b))
		return strcasecmp(a, b);
	n_left = fold(left, a);
	n_right = fold(right, b);
	while (i < n_left && i < n_right && left[i] == right[i])
		i++;
	if (i == n_left || i == n_right)
		return (n_left > i) - (n_right > i);
	return left[i] < right[i] ? -1 : 1;
}
