/* SPDX-License-Identifier: Apache-2.0 */
/* name.c: see name.h. Letters are ASCII's here: names must mean the same in every locale. */
#include "batch/name.h"
#include <stdio.h>
#include <string.h>
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

static bool
is_safe(char c)
{
	return is_capital(c) || is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_'
	    || c == '.';
}

void
stem_of_file(char ret[STEM_SIZE], const char *file_name)
{
	const char *dot = strrchr(file_name, '.');
	size_t size = dot && dot > file_name ? (size_t)(dot - file_name) : strlen(file_name);
	bool gap = false;		/* something unsafe stood here */
	size_t n = 0;

	for (size_t i = 0; i < size && n < STEM_MAX; i++) {
		bool safe = is_safe(file_name[i])
		    && (n || (file_name[i] != '.' && file_name[i] != '-'));

		if (safe && gap && n && n < STEM_MAX - 1 && ret[n - 1] != '-' && file_name[i] != '-')
			ret[n++] = '-';
		if (safe)
			ret[n++] = file_name[i];
		gap = !safe;
	}
	ret[n] = '\0';
	if (n == 0)
		strcpy(ret, "file");
}
