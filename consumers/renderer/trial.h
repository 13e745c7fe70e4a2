/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h: a definition tried on pictures of this machine, with neither Kafka nor a store:
 *
 *	batchline-renderer --try [--json] [--asset=FILE].. DEFINITION FOLDER PICTURE..
 *
 * The same children in the same cage under the same limits (of the environment, as the service has
 * them) as in production; outputs become FOLDER/<stem>_<view>.<ext>, whole or not at all. It is what
 * `batchline pipelines test` runs. Exit: 0 all were rendered, 1 error (the definition's, say),
 * 2 usage, 3 some pictures could not be rendered.
 */
#ifndef TRIAL_H
#define TRIAL_H
#include "base/option.h"

/* limits: the service's rows. argv: behind --try. */
int trial_main(const struct option_row *limits, int argc, char **argv);
#endif
