// certificates - openssl req and openssl x509.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/certificates.h"

#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/process.h"

enum { PATH_SIZE = 400, TEXT_SIZE = 512 };

struct paths {
	char cert[PATH_SIZE], key[PATH_SIZE], request[PATH_SIZE], extensions[PATH_SIZE], subject[TEXT_SIZE];
};

static void set_paths(struct paths *paths, const char *folder, const char *name)
{
	text_format(paths->cert, PATH_SIZE, "%s/%s.pem", folder, name);
	text_format(paths->key, PATH_SIZE, "%s/%s.key", folder, name);
	text_format(paths->request, PATH_SIZE, "%s/%s.csr", folder, name);
	text_format(paths->extensions, PATH_SIZE, "%s/%s.ext", folder, name);
	text_format(paths->subject, TEXT_SIZE, "/CN=%s", name);
}

static void openssl(const char *folder, const char *const *argv)
{
	struct process_options options = {.name = "openssl", .folder = folder, .argv = argv};
	struct process_output output;
	int code = process_run(&options, &output);
	if (code != 0)
		fail_msg("openssl %s ended with %d: %s", argv[1], code, output.err);
	process_output_clear(&output);
}

void certificates_authority(const char *folder, const char *name)
{
	struct paths own;
	set_paths(&own, folder, name);
	const char *const argv[] = {
		"openssl", "req",    "-x509", "-newkey", "ec",	      "-pkeyopt", "ec_paramgen_curve:P-256",
		"-nodes",  "-days",  "30",    "-subj",	 own.subject, "-keyout",  own.key,
		"-out",	   own.cert, NULL};
	openssl(folder, argv);
}

void certificates_sign(const char *folder, const char *authority, const char *name, const char *names)
{
	struct paths own, signer;
	char extensions[TEXT_SIZE];
	set_paths(&own, folder, name);
	set_paths(&signer, folder, authority);
	text_format(extensions, sizeof(extensions), "subjectAltName=%s\n", names);
	file_write(own.extensions, extensions);
	const char *const request[] = {
		"openssl", "req",   "-new",	 "-newkey", "ec",    "-pkeyopt", "ec_paramgen_curve:P-256",
		"-nodes",  "-subj", own.subject, "-keyout", own.key, "-out",	 own.request,
		NULL};
	const char *const sign[] = {"openssl",	 "x509",	 "-req",      "-days",	"30",	    "-in",
				    own.request, "-CA",		 signer.cert, "-CAkey", signer.key, "-CAcreateserial",
				    "-extfile",	 own.extensions, "-out",      own.cert, NULL};
	openssl(folder, request);
	openssl(folder, sign);
}
