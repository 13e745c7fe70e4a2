/* SPDX-License-Identifier: Apache-2.0 */
/*
 * texts.h: is every text and number of an event within its limits? They stand in fields.c, field by
 * field, and in the words of the schemas. Who takes an event from a stranger asks here first; what
 * passed can be stored and published again, whatever else it says.
 */
#ifndef TEXTS_H
#define TEXTS_H
#include "base/err.h"
#include "event/event.h"

/* record: the struct of the type. False with ERR_REJECT, code text_too_long or out_of_range, and the
 * field's path: files[3].source_uri. */
bool texts_check(enum event_type type, const void *record, struct err *err);

/* Bytes of a text of this record, at most. The field must be one of its own texts (asserted). */
size_t texts_most(enum event_type type, const char *field);
#endif
