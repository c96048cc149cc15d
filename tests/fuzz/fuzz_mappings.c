// devices.yaml: the fast and the full reader find the same, word for word.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "bridge/base/text.h"
#include "bridge/settings/devices_table.h"
#include "tests/fuzz/input.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

/* All that a load gave, as one text. */
static char *outcome(const char *path, bool try_plain)
{
	struct settings_faults faults;
	struct buffer out;
	struct device device;
	settings_faults_init(&faults);
	buffer_init(&out, TEXT_MAX);
	struct devices *devices = devices_load_by(path, &faults, try_plain);
	buffer_append_format(&out, "%zu\n%s", faults.count, buffer_text(&faults.text));
	for (size_t i = 0; devices != NULL && i < devices_count(devices); i++) {
		devices_at(devices, i, &device);
		buffer_append_format(&out, "[%s] [%s] [%s] %d %d\n", device.name, device.sim, device.label,
				     (int)device.cmd, (int)device.up);
	}
	devices_free(devices);
	settings_faults_clear(&faults);
	return buffer_take(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = input_file(data, size);
	char *fast = outcome(path, true), *full = outcome(path, false);
	input_require(text_equal(fast, full), "both readers agree");
	free(fast);
	free(full);
	return 0;
}
