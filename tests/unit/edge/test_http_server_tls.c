/* http_server: TLS, and another certificate without a restart. The client is our own, which always verifies. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_server.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bridge/edge/http_client.h"
#include "tests/unit/edge/http_raw.h"

/* Self-signed for 127.0.0.1 and localhost until 2126, made with
 * openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 *   -addext subjectAltName=IP:127.0.0.1,DNS:localhost
 * and of no use for anything but this test. */
static const char KEY_1[] = "-----BEGIN PRIVATE KEY-----\n"
			    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgaRB1vtRoCU/pCUEC\n"
			    "xJizzQQ++B4pz0WQQ2gT90IIJQ6hRANCAARRkCPDxiubLLSQO43WW66BfVXydpNo\n"
			    "WvhJPNF08rtPArhFRKLShxKaItJv52ycBBRn2LmZnhUpoCb9czxTrL5Y\n"
			    "-----END PRIVATE KEY-----\n";
static const char CERT_1[] = "-----BEGIN CERTIFICATE-----\n"
			     "MIIBmzCCAUGgAwIBAgIUT28yfy1BqzVFteclKhdVtT1G+ZQwCgYIKoZIzj0EAwIw\n"
			     "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDEyNDcwM1oYDzIxMjYxMDMx\n"
			     "MTI0NzAzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
			     "PQMBBwNCAARRkCPDxiubLLSQO43WW66BfVXydpNoWvhJPNF08rtPArhFRKLShxKa\n"
			     "ItJv52ycBBRn2LmZnhUpoCb9czxTrL5Yo28wbTAdBgNVHQ4EFgQUyef4+VvqKuCd\n"
			     "atZG5/6IONoWu5YwHwYDVR0jBBgwFoAUyef4+VvqKuCdatZG5/6IONoWu5YwDwYD\n"
			     "VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI\n"
			     "zj0EAwIDSAAwRQIhALZNMPqpqKcSLERE9n8Afpvt3PWJMgrYeTdA0BZQEzD9AiAi\n"
			     "GJKiMKlJxrKamW9y39U29yEQXUP6e40m7r9t+dGsig==\n"
			     "-----END CERTIFICATE-----\n";
static const char KEY_2[] = "-----BEGIN PRIVATE KEY-----\n"
			    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0UBK4BEpu8Fx1OPM\n"
			    "mouXuqTdFCre8yDW+7TCMzay2gShRANCAAQlMqX/Ob7TZWyNmYOuv2zm4RA/xrDD\n"
			    "xXDYHKNhkfs+L6tg5kjcr6ICX8VAbGY1aiUsMd4mm7A+WhJM61St0uDU\n"
			    "-----END PRIVATE KEY-----\n";
static const char CERT_2[] = "-----BEGIN CERTIFICATE-----\n"
			     "MIIBmzCCAUGgAwIBAgIUXFUjK8D6PCpk+pCU76g4en+Cck0wCgYIKoZIzj0EAwIw\n"
			     "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDEyNDcwM1oYDzIxMjYxMDMx\n"
			     "MTI0NzAzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
			     "PQMBBwNCAAQlMqX/Ob7TZWyNmYOuv2zm4RA/xrDDxXDYHKNhkfs+L6tg5kjcr6IC\n"
			     "X8VAbGY1aiUsMd4mm7A+WhJM61St0uDUo28wbTAdBgNVHQ4EFgQUXNhQwMWczXyA\n"
			     "cWC2xGZBJUj+eXQwHwYDVR0jBBgwFoAUXNhQwMWczXyAcWC2xGZBJUj+eXQwDwYD\n"
			     "VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI\n"
			     "zj0EAwIDSAAwRQIhAPMa21FB/a9FMp2JpLGrX/J5iJJoKpNHKYZ13h8x+oH4AiAL\n"
			     "f70pEw6biIvTYcGV4aOZgI9vb2i/XG3utWhoG2/lCQ==\n"
			     "-----END CERTIFICATE-----\n";

struct files {
	char folder[64], cert[96], key[96], other[96];
	struct http_server *server;
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void handler(void *ctx, const struct http_request_in *request, struct http_reply *reply)
{
	(void)ctx;
	(void)request;
	reply->status = 204;
}

static int setup(void **state)
{
	struct files *files = calloc(1, sizeof(*files));
	struct http_server_options options = raw_options();

	assert_non_null(files);
	text_copy(files->folder, sizeof(files->folder), "/tmp/test_http_server_tls.XXXXXX");
	assert_non_null(mkdtemp(files->folder));
	text_format(files->cert, sizeof(files->cert), "%s/cert.pem", files->folder);
	text_format(files->key, sizeof(files->key), "%s/key.pem", files->folder);
	text_format(files->other, sizeof(files->other), "%s/other.pem", files->folder);
	write_file(files->cert, CERT_1);
	write_file(files->key, KEY_1);
	write_file(files->other, CERT_2);
	options.listen = "0.0.0.0:0";
	options.cert_file = files->cert;
	options.key_file = files->key;
	options.request_deadline_ms = 1000;
	files->server = raw_start(&options, NULL, handler, NULL);
	*state = files;
	return 0;
}

static int teardown(void **state)
{
	struct files *files = *state;

	http_server_stop(files->server);
	unlink(files->cert);
	unlink(files->key);
	unlink(files->other);
	rmdir(files->folder);
	free(files);
	return 0;
}

static void remember(void *ctx, const struct http_result *result)
{
	struct http_result *seen = ctx;

	*seen = *result;
}

static struct http_client *client_of(const char *ca_file)
{
	return http_client_create(&(struct http_client_options){.ca_file = ca_file,
								.timeout_ms = 20000,
								.connect_timeout_ms = 20000,
								.max_answer = 1000,
								.max_connections = 1});
}

static struct http_result ask(struct http_client *client, const struct files *files, const char *scheme,
			      const char *host)
{
	char url[96];
	struct http_request_out request = {.method = "POST",
					   .url = url,
					   .authorization = "",
					   .username = "",
					   .password = "",
					   .body = "a=b",
					   .body_len = 3};
	struct http_result seen = {.status = -1};

	text_format(url, sizeof(url), "%s://%s:%d/", scheme, host, http_server_port(files->server));
	http_client_fetch(client, &request, remember, NULL, &seen);
	print_message("  %s: %d %s\n", url, seen.status, seen.error);
	return seen;
}

static struct http_result get(const struct files *files, const char *ca_file, const char *scheme, const char *host)
{
	struct http_client *client = client_of(ca_file);
	struct http_result seen = ask(client, files, scheme, host);

	http_client_destroy(client);
	return seen;
}

static void a_trusted_certificate_is_accepted(void **state)
{
	const struct files *files = *state;

	assert_int_equal(get(files, files->cert, "https", "127.0.0.1").status, 204);
}

/* The client's half of the promise: nothing leaves towards somebody who cannot prove who he is. */
static void a_stranger_gets_no_body(void **state)
{
	const struct files *files = *state;
	static const char *const HOSTS[] = {"127.0.0.1", "127.0.0.2"};
	const char *const trusted[] = {files->other, files->cert};

	for (size_t i = 0; i < 2; i++) { /* another's certificate; the right one on another host */
		struct http_result seen = get(files, trusted[i], "https", HOSTS[i]);

		assert_int_equal(seen.status, 0);
		assert_false(seen.body_started);
		assert_true(seen.error[0]);
	}
	assert_false(get(files, "", "https", "127.0.0.1").body_started);
	assert_false(get(files, "/nonexistent/ca.pem", "https", "127.0.0.1").body_started);
}

static void plain_http_is_not_answered(void **state)
{
	assert_int_equal(get(*state, "", "http", "127.0.0.1").status, 0);
}

static void a_silent_handshake_is_cut(void **state)
{
	const struct files *files = *state;
	int fd = tcp_connect(http_server_port(files->server));

	assert_true(raw_is_closed(fd));
	close(fd);
}

static void a_new_certificate_comes_without_a_restart(void **state)
{
	const struct files *files = *state;
	char why[256] = "";
	struct http_server_stats before, after;

	http_server_stats(files->server, &before);
	write_file(files->cert, CERT_2);
	write_file(files->key, KEY_2);
	assert_true(http_server_reload(files->server, why, sizeof(why)));
	assert_int_equal(get(files, files->other, "https", "127.0.0.1").status, 204);
	http_server_stats(files->server, &after);
	assert_int_equal(after.requests, before.requests + 1);
	assert_true(after.cut >= before.cut);
}

/* A client that was served before, and has a connection's worth of trust, is not taken in by another certificate. */
static void who_has_another_certificate_now_gets_no_body(void **state)
{
	const struct files *files = *state;
	char why[256] = "", ca_file[96];

	write_file(files->cert, CERT_1);
	write_file(files->key, KEY_1);
	assert_true(http_server_reload(files->server, why, sizeof(why)));
	text_format(ca_file, sizeof(ca_file), "%s/trusted.pem", files->folder);
	write_file(ca_file, CERT_1);
	struct http_client *client = client_of(ca_file);

	assert_int_equal(ask(client, files, "https", "127.0.0.1").status, 204);
	write_file(files->cert, CERT_2);
	write_file(files->key, KEY_2);
	assert_true(http_server_reload(files->server, why, sizeof(why)));
	struct http_result seen = ask(client, files, "https", "127.0.0.1");

	assert_int_equal(seen.status, 0);
	assert_false(seen.body_started);
	assert_true(seen.error[0]);
	http_client_destroy(client);
	unlink(ca_file);
}

static void a_bad_certificate_changes_nothing(void **state)
{
	const struct files *files = *state;
	char why[256] = "";

	write_file(files->cert, "no certificate\n");
	assert_false(http_server_reload(files->server, why, sizeof(why)));
	print_message("  %s\n", why);
	assert_non_null(strstr(why, files->cert));
	assert_int_equal(get(files, files->other, "https", "127.0.0.1").status, 204);
	write_file(files->cert, CERT_1); /* not the key's */
	assert_false(http_server_reload(files->server, why, sizeof(why)));
	print_message("  %s\n", why);
	unlink(files->cert);
	assert_false(http_server_reload(files->server, why, sizeof(why)));
	assert_non_null(strstr(why, files->cert));
	assert_int_equal(get(files, files->other, "https", "127.0.0.1").status, 204);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trusted_certificate_is_accepted),
		cmocka_unit_test(a_stranger_gets_no_body),
		cmocka_unit_test(plain_http_is_not_answered),
		cmocka_unit_test(a_silent_handshake_is_cut),
		cmocka_unit_test(a_new_certificate_comes_without_a_restart),
		cmocka_unit_test(who_has_another_certificate_now_gets_no_body),
		cmocka_unit_test(a_bad_certificate_changes_nothing),
	};

	signal(SIGPIPE, SIG_IGN);
	int failed = cmocka_run_group_tests_name("a thread for each connection", tests, setup, teardown);

	raw_batched = true;
	return failed + cmocka_run_group_tests_name("one thread for all", tests, setup, teardown);
}
