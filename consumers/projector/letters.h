/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letters.h: dead letters that wait in the outbox. A letter is a row of the transaction that gives
 * up on its record; its headers are packed into one column, and those of parked facts too:
 * name, NUL, length as 4 bytes of this machine, value; for each header.
 */
#ifndef PROJECTOR_LETTERS_H
#define PROJECTOR_LETTERS_H
#include "item.h"
#include "plan.h"

void letters_open(void);		/* once: its metric */
/* Adds the letter of an item that has a defect, and takes a parked one out of early_facts. */
bool letters_add(struct plan *plan, const struct item *item, struct err *err);
/* The same for an item that turned out not to be applicable. The item stays as it is: in another
 * transaction it may be. */
bool letters_give_up(struct plan *plan, const struct item *item, const char *stage,
    const struct err *why, struct err *err);

/* The headers of a record, packed, in the plan's memory. */
bool letters_pack(struct plan *plan, const struct bus_record *record, const void **ret, size_t *size,
    struct err *err);
size_t letters_unpack(const void *bytes, size_t size, struct bus_header *ret, size_t max);
#endif
