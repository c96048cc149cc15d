// Imports the flow into a Node-RED and uses it: flow.mjs FLOW. Run by tests/node-red/run.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';

const {BROKER_PORT, API_PORT, NODE_RED_PORT, WORLD_SIM} = process.env;
const HOME = `http://127.0.0.1:${NODE_RED_PORT}`;
const flow = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const JSON_TYPE = {'Content-Type': 'application/json'};

const post = (url, body, headers = JSON_TYPE) =>
  fetch(url, {method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body)});
const events = async () => (await fetch(`${HOME}/sms/events`)).json();

async function until(what, find) {
  const deadline = Date.now() + 30000;
  for (;;) {
    const found = await find();
    if (found) return found;
    assert.ok(Date.now() < deadline, `${what} did not happen; events: ${JSON.stringify(await events())}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function statuses(of) {
  await until('delivered', async () => (await events()).some((one) => of(one) && one.status === 'delivered'));
  return (await events()).filter((one) => of(one) && one.status).map((one) => one.status);
}

const tests = {
  async 'the flow is imported, and Node-RED knows every node of it'() {
    const mine = flow.map((node) => node.type === 'mqtt-broker'
      ? {...node, broker: '127.0.0.1', port: BROKER_PORT} : node);
    const answer = await post(`${HOME}/flows`, mine);
    assert.equal(answer.status, 204, await answer.text());
    const now = await (await fetch(`${HOME}/flows`)).json();
    assert.equal(now.length, flow.length);
    const known = await (await fetch(`${HOME}/nodes`, {headers: {Accept: 'application/json'}})).json();
    const types = new Set([...known.flatMap((set) => set.types), 'tab']);
    assert.deepEqual(flow.map((node) => node.type).filter((type) => !types.has(type)), []);
    await until('the page', async () => (await fetch(`${HOME}/sms/events`)).ok);
  },

  async 'an inject button sends an SMS, and its statuses come back'() {
    const button = flow.find((node) => node.type === 'inject' && node.name.includes('meter-001'));
    await until('the connection', async () => {
      await post(`${HOME}/inject/${button.id}`, '');
      await new Promise((done) => setTimeout(done, 1000));
      return (await events()).some((one) => one.payload === 'reboot');
    });
    // One that was sent when the statuses were already subscribed to: of those before, the first may have been missed.
    const before = new Set((await events()).map((one) => one.id));
    await post(`${HOME}/inject/${button.id}`, '');
    const first = await until('its acceptance', async () => (await events()).find((one) =>
      one.payload === 'reboot' && one.status === 'accepted' && !before.has(one.id)));
    assert.match(first.id, /^node-red-[0-9a-f]+$/);
    assert.deepEqual(await statuses((one) => one.id === first.id), ['accepted', 'queued', 'sent', 'delivered']);
    const ledger = await (await fetch(`http://127.0.0.1:${API_PORT}/_control/ledger`)).text();
    assert.ok(ledger.includes('reboot'));
  },

  async 'an SMS from the device is taken in'() {
    await post(`http://127.0.0.1:${API_PORT}/_control/mo`, {sim: WORLD_SIM, payload: 'T=21.5', callback: true});
    const sms = await until('the SMS', async () => (await events()).find((one) => one.payload === 'T=21.5'));
    assert.equal(sms.device, 'meter-001');
    assert.equal(sms.event_type, 'received');
  },

  async 'the page sends, and the same id again is no second SMS'() {
    const page = await fetch(`${HOME}/sms`);
    assert.match(page.headers.get('content-type'), /text\/html/);
    assert.match(await page.text(), /<form>/);
    for (let i = 0; i < 2; i++) {
      const answer = await post(`${HOME}/sms/send`, {device: 'front-gate', payload: 'open', id: 'gate-1'});
      assert.equal(answer.status, 202);
      assert.deepEqual(await answer.json(), {id: 'gate-1'});
    }
    await statuses((one) => one.id === 'gate-1');
    await until('the duplicate', async () => (await events()).some((one) => one.id === 'gate-1' && one.duplicate));
    const {length} = (await (await fetch(`http://127.0.0.1:${API_PORT}/_control/ledger`)).text()).match(/"open"/g);
    assert.equal(length, 1);
  },

  async 'what is refused comes back too'() {
    await post(`${HOME}/sms/send`, {device: 'nobody', payload: 'hello', id: 'lost-1'});
    const event = await until('the refusal', async () => (await events()).find((one) => one.id === 'lost-1'));
    assert.equal(event.status, 'rejected');
    assert.equal(event.error.code, 'unknown_device');
  },

  async 'the page takes nothing but JSON, and no device that is a wildcard'() {
    assert.equal((await post(`${HOME}/sms/send`, 'device=meter-001&payload=forged',
      {'Content-Type': 'application/x-www-form-urlencoded'})).status, 415);
    assert.equal((await post(`${HOME}/sms/send`, {device: '+', payload: 'all'})).status, 400);
  },
};

let passed = 0, failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    passed++;
    console.log(`ok: ${name}`);
  } catch (error) {
    failed++;
    console.error(`FAILED: ${name}\n${error.stack}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
