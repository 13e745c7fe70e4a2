/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h: is it UTF-8? (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.) */
#ifndef UTF8_H
#define UTF8_H
#include <stdbool.h>
#include <stddef.h>

bool utf8_is_valid(const void *bytes, size_t size);
/* Bytes of the character that starts here, 0 when none does. */
size_t utf8_length(const void *bytes, size_t size);
/* Neither controls (below U+0020, U+007F) nor a NUL. Says nothing about UTF-8. */
bool utf8_is_printable(const void *bytes, size_t size);
/* The most bytes up to size that end with a whole character; text that is no UTF-8 is cut at size. */
size_t utf8_cut(const void *bytes, size_t size);
/* Every byte that begins no character becomes a question mark: then it is UTF-8. */
void utf8_mend(char *text);
#endif
