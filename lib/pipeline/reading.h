/* SPDX-License-Identifier: Apache-2.0 */
/* reading.h: what the files that read a definition share; nobody else includes it. */
#ifndef PIPELINE_READING_H
#define PIPELINE_READING_H
#include "base/json.h"
#include "pipeline/definition.h"

enum {
	PLACE_SIZE = 128,
	OF_ALL_MAX = 2,			/* arguments that come from what is said of all views */
};

/* False, with the place: views[0].operations[1].width: is missing. */
bool defect(struct err *err, const char *place, const char *what);
bool defect_member(struct err *err, const char *place, const char *member, const char *what);

/* One, whose rule is set, and all of an object but the member leave. place: where they stand. */
bool argument_read(struct argument *ret, struct arena *arena, const struct doc_value *value,
    const char *place, struct err *err);
bool arguments_read(struct definition *d, struct argument **ret, size_t *n,
    const struct argument_rule *rules, const char *leave, const struct doc_value *object,
    const char *place, struct err *err);
#endif
