/* SPDX-License-Identifier: Apache-2.0 */
/* schemas.h: the text of every schema, today's and the released ones; made by embed.awk. */
#ifndef SCHEMAS_H
#define SCHEMAS_H
#include <stdbool.h>
#include <stddef.h>

struct schema_text {
	const char *name;	/* of the record: BatchSubmitted */
	bool released;		/* an older version: it is read, never written */
	const char *text;
};

extern const struct schema_text schema_texts[];
extern const size_t n_schema_texts;
#endif
