/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit WIDTH OUT FILE...: what no renderer of JPEGs can beat: libjpeg-turbo decodes at the smallest
 * eighth that is not below WIDTH and encodes that as it is (quality 80, no resampling), a process a
 * processor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
recode(const char *from, const char *to, unsigned width)
{
	struct jpeg_decompress_struct in;
	struct jpeg_compress_struct out;
	struct jpeg_error_mgr wrong;
	FILE *source = fopen(from, "rb"), *sink = fopen(to, "wb");
	unsigned char *row;

	if (!source || !sink)
		exit(1);
	in.err = out.err = jpeg_std_error(&wrong);
	jpeg_create_decompress(&in);
	jpeg_stdio_src(&in, source);
	jpeg_read_header(&in, TRUE);
	in.scale_denom = 8;
	for (in.scale_num = 1; in.scale_num < 8 && in.image_width * in.scale_num / 8 < width;)
		in.scale_num++;
	jpeg_start_decompress(&in);
	jpeg_create_compress(&out);
	jpeg_stdio_dest(&out, sink);
	out.image_width = in.output_width;
	out.image_height = in.output_height;
	out.input_components = in.output_components;
	out.in_color_space = in.out_color_space;
	jpeg_set_defaults(&out);
	jpeg_set_quality(&out, 80, TRUE);
	jpeg_start_compress(&out, TRUE);
	row = malloc((size_t)in.output_width * (unsigned)in.output_components);
	while (in.output_scanline < in.output_height) {
		jpeg_read_scanlines(&in, &row, 1);
		jpeg_write_scanlines(&out, &row, 1);
	}
	free(row);
	jpeg_finish_compress(&out);
	jpeg_finish_decompress(&in);
	jpeg_destroy_compress(&out);
	jpeg_destroy_decompress(&in);
	fclose(source);
	fclose(sink);
}

int
main(int argc, char **argv)
{
	int n = (int)sysconf(_SC_NPROCESSORS_ONLN), failed = 0, status;
	char path[4096];

	if (argc < 4)
		return 2;
	for (int p = 0; p < n; p++)
		if (fork() == 0) {
			for (int i = p; i < argc - 3; i += n) {
				snprintf(path, sizeof(path), "%s/%d.jpg", argv[2], i);
				recode(argv[3 + i], path, (unsigned)atoi(argv[1]));
			}
			_exit(0);
		}
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
