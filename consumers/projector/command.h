/* SPDX-License-Identifier: Apache-2.0 */
/* command.h: what people command of a batch, into the statements that do it. */
#ifndef PROJECTOR_COMMAND_H
#define PROJECTOR_COMMAND_H
#include "event/event.h"
#include "plan.h"

/* False with ERR_REJECT: no such command, or a job id that is none; nothing was added. */
bool command_rows(struct plan *plan, const struct batch_commanded *commanded, struct err *err);
#endif
