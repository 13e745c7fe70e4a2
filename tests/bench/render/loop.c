/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop WIDTH OUT FILE...: what a plain program does with libvips: a thumbnail, saved as JPEG of
 * quality 80, a process a processor, no cage, no preview.
 * loop --ssim A B: how alike two pictures are (Wang et al. 2004; Gaussian window, sigma 1.5, on the
 * luminance), 1 is the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vips/vips.h>

static int
loop(int width, const char *out, char **files, int n, int first, int step)
{
	char path[4096];

	for (int i = first; i < n; i += step) {
		VipsImage *image = NULL;

		snprintf(path, sizeof(path), "%s/%d.jpg", out, i);
		if (vips_thumbnail(files[i], &image, width, "height", 10000000, NULL)
		    || vips_jpegsave(image, path, "Q", 80, "strip", TRUE, NULL)) {
			fprintf(stderr, "loop: %s: %s\n", files[i], vips_error_buffer());
			return 1;
		}
		g_object_unref(image);
	}
	return 0;
}

/* The mean of a product under the window. */
static VipsImage *
mean_of(VipsImage *a, VipsImage *b)
{
	VipsImage *product = NULL, *mean = NULL;

	if ((b && vips_multiply(a, b, &product, NULL))
	    || vips_gaussblur(b ? product : a, &mean, 1.5, "precision", VIPS_PRECISION_FLOAT, NULL))
		vips_error_exit("ssim");
	return mean;
}

static double
ssim_at(const float *p, double c1, double c2)
{
	double a = p[0], b = p[1], aa = p[2] - a * a, bb = p[3] - b * b, ab = p[4] - a * b;

	return (2 * a * b + c1) * (2 * ab + c2) / ((a * a + b * b + c1) * (aa + bb + c2));
}

static VipsImage *
grey(const char *path)
{
	VipsImage *image = vips_image_new_from_file(path, NULL), *bw = NULL, *real = NULL;

	if (!image || vips_colourspace(image, &bw, VIPS_INTERPRETATION_B_W, NULL)
	    || vips_extract_band(bw, &image, 0, NULL) || vips_cast(image, &real, VIPS_FORMAT_FLOAT, NULL))
		vips_error_exit("%s", path);
	return real;
}

static double
ssim(const char *one, const char *other)
{
	VipsImage *a = grey(one), *b = grey(other), *joined = NULL;
	VipsImage *means[] = { mean_of(a, NULL), mean_of(b, NULL), mean_of(a, a), mean_of(b, b),
		mean_of(a, b) };
	size_t size, n;
	double sum = 0;
	float *p;

	if (a->Xsize != b->Xsize || a->Ysize != b->Ysize)
		return 0;
	if (vips_bandjoin(means, &joined, 5, NULL)
	    || !(p = vips_image_write_to_memory(joined, &size)))
		vips_error_exit("ssim");
	n = size / sizeof(float) / 5;
	for (size_t i = 0; i < n; i++)
		sum += ssim_at(p + i * 5, 6.5025, 58.5225);
	return sum / (double)n;
}

int
main(int argc, char **argv)
{
	int n = (int)sysconf(_SC_NPROCESSORS_ONLN), failed = 0, status;

	if (argc < 4)
		return 2;
	if (vips_init(argv[0]))
		vips_error_exit("start");
	if (!strcmp(argv[1], "--ssim"))
		return printf("%.5f\n", ssim(argv[2], argv[3])) < 0;
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	for (int i = 0; i < n; i++)
		if (fork() == 0)
			_exit(loop(atoi(argv[1]), argv[2], argv + 3, argc - 3, i, n));
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
