// bridge.yaml: settings, or faults that say where.
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/topic.h"
#include "bridge/settings/settings.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings_faults faults;
	settings_faults_init(&faults);
	struct settings *settings = settings_load(input_file(data, size), &faults);
	input_require((settings != NULL) == (faults.count == 0), "settings or faults");
	if (settings != NULL) {
		input_require(!topic_overlaps(settings->topics_command, settings->topics_status), "no loop");
		input_require(!topic_overlaps(settings->topics_command, settings->topics_up), "no loop");
	}
	settings_free(settings);
	settings_faults_clear(&faults);
	return 0;
}
