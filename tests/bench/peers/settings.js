// Node-RED without an editor, listening on loopback.
// SPDX-License-Identifier: Apache-2.0
"use strict";
module.exports = {
    uiHost: "127.0.0.1",
    uiPort: Number(process.env.WEBHOOK),
    httpAdminRoot: false,
    flowFile: "flows.json",
    credentialSecret: false,
    telemetry: { enabled: false },
    logging: { console: { level: "warn", metrics: false, audit: false } },
};
