/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_test.c: signatures, secrets, and whom a webhook may call. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "consumers/webhook/webhook.h"
#include "delivery/secret.h"
#include "port/address.h"

/* ---- signatures ---- */

/* As the npm package standardwebhooks 1.1.1 signs it. */
#define KEY "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define SIGNATURE "v1,AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4="

static const char *
signed_with(const char *text)
{
	static char said[400];
	struct buf secret = {0}, body = {0}, signature = {0};
	struct err err = {0};

	buf_add_text(&secret, text);
	buf_add_text(&body, "{\"a\":1}");
	if (sign(&signature, &secret, "msg_1", "1700000000", &body, &err))
		snprintf(said, sizeof(said), "%s", buf_text(&signature));
	else
		snprintf(said, sizeof(said), "%s", err.code);
	secret_clear(&secret);
	buf_clear(&body);
	buf_clear(&signature);
	return said;
}

Test(sign, is_the_signature_of_the_published_library)
{
	cr_expect_str_eq(signed_with(KEY), SIGNATURE);
	cr_expect_str_eq(signed_with(KEY "\r\n"), SIGNATURE);
}

Test(sign, two_lines_are_two_signatures)
{
	cr_expect_str_eq(signed_with(KEY "\n\n" KEY "\n"), SIGNATURE " " SIGNATURE);
}

Test(sign, a_key_of_another_form_is_refused)
{
	static const char *const wrong[] = { "", "\n", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
		"whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", KEY "\n" KEY "\n" KEY, KEY " ",
		"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAA" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_expect_str_eq(signed_with(wrong[i]), "secret", "%s", wrong[i]);
}

/* ---- secrets ---- */

static char folder[] = "/tmp/secrets-test-XXXXXX";

static void
put_file(const char *name, const char *text, mode_t mode)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	cr_assert(fchmod(fd, mode) == 0);
	close(fd);
}

static void
take_away(const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

static void
folder_down(void)
{
	take_away("key");
	take_away("open");
	rmdir(folder);
}

static void
folder_up(void)
{
	cr_assert(mkdtemp(folder));
	put_file("key", "a secret", 0600);
}

TestSuite(secret, .init = folder_up, .fini = folder_down);

Test(secret, is_what_its_file_holds)
{
	struct buf secret = {0};
	struct err err = {0};

	cr_expect(secrets_check(folder, &err) && secret_read(&secret, folder, "key", &err), "%s",
	    err.text);
	cr_expect_str_eq(buf_text(&secret), "a secret");
	secret_clear(&secret);
}

Test(secret, that_others_may_read_is_refused_by_its_name)
{
	struct buf secret = {0};
	struct err err = {0};

	put_file("open", "for all", 0604);
	cr_expect(!secrets_check(folder, &err));
	cr_expect_str_eq(err.code, "option");
	cr_expect(strstr(err.text, "/open") && !strstr(err.text, "for all"));
	cr_expect(!secret_read(&secret, folder, "open", &err));
	cr_expect_str_eq(err.code, "secret");
}

Test(secret, is_a_file_of_the_folder_and_nothing_else)
{
	static const char *const wrong[] = { "missing", "../etc/passwd", "/etc/passwd", ".", ".." };
	struct buf secret = {0};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct err err = {0};

		cr_expect(!secret_read(&secret, folder, wrong[i], &err), "%s", wrong[i]);
		cr_expect_str_eq(err.code, "secret");
	}
}

Test(secret, a_folder_that_is_not_there_is_refused_and_none_is_right)
{
	struct err err = {0};

	cr_expect(secrets_check("", &err));
	cr_expect(!secrets_check("/nowhere/at/all", &err));
	cr_expect_str_eq(err.code, "option");
}

/* ---- addresses ---- */

static const struct sockaddr *
address(const char *text)
{
	static struct sockaddr_in6 six;
	static struct sockaddr_in four;

	six = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	four = (struct sockaddr_in){ .sin_family = AF_INET };
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return (const void *)&four;
	cr_assert_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1, "%s", text);
	return (const void *)&six;
}

Test(address, what_is_not_out_there_is_not_public)
{
	static const char *const ours[] = { "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1",
		"172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1",
		"224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1",
		"ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1",
		"2002:a00:1::", "2001:db8::1", "2001::1" };
	static const char *const theirs[] = { "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.167.0.1",
		"100.128.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		cr_expect(!address_is_public(address(ours[i])), "%s", ours[i]);
	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
		cr_expect(address_is_public(address(theirs[i])), "%s", theirs[i]);
}

Test(address, a_network_has_the_addresses_of_its_prefix)
{
	struct networks n;
	struct err err = {0};

	cr_assert(networks_read(&n, "10.20.0.0/15,fd00::/8,192.0.2.7/32", &err), "%s", err.text);
	cr_expect(networks_have(&n, address("10.20.0.1")) && networks_have(&n, address("10.21.255.9")));
	cr_expect(networks_have(&n, address("::ffff:10.20.0.1")));
	cr_expect(!networks_have(&n, address("10.22.0.1")));
	cr_expect(networks_have(&n, address("fdff::1")) && !networks_have(&n, address("fe00::1")));
	cr_expect(networks_have(&n, address("192.0.2.7")) && !networks_have(&n, address("192.0.2.6")));
	cr_expect(networks_read(&n, "", &err) && !networks_have(&n, address("10.20.0.1")));
}

Test(address, a_network_without_its_form_is_named)
{
	static const char *const wrong[] = { "10.0.0.0", "10.0.0.0/33", "::/129", "ten/8", "10.0.0.0/8 ",
		"10.0.0.0/-1", ",", "10.0.0.0/" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct networks n;
		struct err err = {0};

		cr_expect(!networks_read(&n, wrong[i], &err), "%s", wrong[i]);
		cr_expect_str_eq(err.code, "option");
	}
}
