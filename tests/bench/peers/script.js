// What one writes by hand in Node: MQTT in, HTTP out, MQTT out; and callbacks. Nothing is stored.
// SPDX-License-Identifier: Apache-2.0
"use strict";
const http = require("http");
const path = require("path");
const mqtt = require(path.join(process.env.NODE_PATH, "mqtt"));
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
const client = mqtt.connect("mqtt://127.0.0.1:" + process.env.BROKER);

client.on("connect", () => client.subscribe("devices/+/cmd", { qos: 1 }));

client.on("message", (topic, message) => {
    const device = topic.split("/")[1];
    const payload = message.toString();
    const body = new URLSearchParams({ Sim: device, Payload: payload }).toString();
    const headers = {
        Authorization: "Bearer tok",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": Buffer.byteLength(body),
    };
    const request = http.request(process.env.API, { method: "POST", agent, headers }, (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () => {
            const { sid, status } = JSON.parse(Buffer.concat(parts).toString());
            const event = { event_type: status, device, sid, payload, time: new Date().toISOString() };
            client.publish(`devices/${device}/status`, JSON.stringify(event), { qos: 1 });
        });
    });
    request.on("error", (error) => console.error(error.message));
    request.end(body);
});

http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
        const form = new URLSearchParams(Buffer.concat(parts).toString());
        const event = { sid: form.get("CommandSid"), payload: form.get("Payload"), time: new Date().toISOString() };
        client.publish(`devices/${form.get("SimSid")}/up`, JSON.stringify(event), { qos: 1 });
        response.writeHead(204).end();
    });
}).listen(Number(process.env.WEBHOOK), "127.0.0.1");
