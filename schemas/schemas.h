/* SPDX-License-Identifier: Apache-2.0 */
/* schemas.h: every schema text that was compiled in; the table is made by schemas/embed.awk. */
#ifndef SCHEMAS_H
#define SCHEMAS_H
#include <stdbool.h>
#include <stddef.h>

struct schema_text {
	const char *name;	/* BatchSubmitted */
	bool released;		/* an older version, still read */
	const char *text;
};

extern const struct schema_text schema_texts[];
extern const size_t n_schema_texts;
#endif
