/* certificates - a certificate authority of a test, and what it signs: made by the program openssl, not by the library
 * that the bridge uses.
 *
 * Threads: the test's main thread only. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_CERTIFICATES_H
#define TESTS_HARNESS_CERTIFICATES_H

/* Makes NAME.pem and NAME.key in the folder, which sign others. */
void certificates_authority(const char *folder, const char *name);

/* Makes NAME.pem and NAME.key with the subject CN=NAME, signed by `authority`; `names` as openssl writes them:
 * "DNS:localhost,IP:127.0.0.1". */
void certificates_sign(const char *folder, const char *authority, const char *name, const char *names);

#endif
