/* SPDX-License-Identifier: Apache-2.0 */
/* batchline: submits pictures, shows and steers batches, fetches what was rendered. */
#include "cli.h"

int
main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
