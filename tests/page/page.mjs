// What a person does with the status page, in a real browser. Run by tests/page/run.
// SPDX-License-Identifier: Apache-2.0
import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import assert from 'node:assert/strict';

const {WORLD, BUILD, BRIDGE_PID, BROKER_PORT, ADMIN_PORT, API_PORT, WORLD_SIM, PAGE_PACKAGES} = process.env;
const {chromium} = createRequire(`${PAGE_PACKAGES}/`)('playwright-core');
const HOME = `http://127.0.0.1:${ADMIN_PORT}`;
const SHOTS = process.env.SHOTS || `${WORLD}/shots`;
const PATIENCE = {timeout: 20000};
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const publish = (topic, payload) =>
  execFileSync('mosquitto_pub', ['-h', '127.0.0.1', '-p', BROKER_PORT, '-q', '1', '-t', topic, '-m', payload]);

async function control(what, body, method = 'POST') {
  const answer = await fetch(`http://127.0.0.1:${API_PORT}/_control/${what}`,
    {method, headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
  assert.ok(answer.ok, `${what}: ${answer.status}`);
}

const send = (headers, body = '{"device":"meter-001","message":"forged"}') =>
  fetch(`${HOME}/send`, {method: 'POST', headers, body});

// A request with headers that fetch does not let us set.
function raw(headers, body) {
  const args = ['-s', '-o', `${WORLD}/answer`, '-w', '%{http_code}', '-X', 'POST', '--data', body, `${HOME}/send`];
  for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}: ${value}`);
  return Number(execFileSync('curl', args).toString());
}

// The bridge that a test started in the place of the first one.
let second = null;

const answers = () => fetch(`${HOME}/healthz`).then((answer) => answer.ok, () => false);

async function until(what, holds) {
  const deadline = Date.now() + PATIENCE.timeout;
  while (!await holds()) {
    assert.ok(Date.now() < deadline, `${what} did not happen`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function stop_second() {
  const ended = second && new Promise((done) => second.once('exit', done));
  second?.kill();
  await ended;
}

const life_of = (page, id) => page.locator('.entry', {hasText: id}).locator('.life');
const words = (page, id) => life_of(page, id).locator('li').evaluateAll((items) =>
  items.map((item) => item.firstChild.textContent));

const tests = {
  async 'a command sent over MQTT shows its life'({page}) {
    publish('devices/meter-001/cmd', '{"payload":"reboot","id":"job-1"}');
    await life_of(page, 'job-1').locator('.now.good', {hasText: 'delivered'}).waitFor(PATIENCE);
    assert.deepEqual(await words(page, 'job-1'), ['accepted', 'sending', 'queued', 'sent', 'delivered']);
  },

  async 'the SMS of a device shows up, and its body is masked'({page}) {
    await control('mo', {sim: WORLD_SIM, payload: 'T=21.5 secret', callback: true});
    const entry = page.locator('.entry', {hasText: '13 characters, masked'});
    await entry.waitFor(PATIENCE);
    assert.match(await entry.innerText(), /SMS from\s+meter-001/);
    await page.locator('#masked').waitFor(PATIENCE);
    const text = await page.locator('#entries').innerText();
    assert.ok(!text.includes('T=21.5') && !text.includes('reboot'), text);
  },

  async 'what is refused says why'({page}) {
    publish('devices/nobody/cmd', '{"payload":"hello","id":"lost-1"}');
    await page.locator('.entry', {hasText: 'lost-1'}).locator('.why', {hasText: 'unknown_device'}).waitFor(PATIENCE);
  },

  async 'the form sends, and says what became of it'({page}) {
    await page.locator('#send-device').fill('meter-001');
    await page.locator('#send-text').fill('{"looks":"like JSON"}');
    await page.locator('#send-button').click();
    const result = page.locator('#send-result.good');
    await result.waitFor(PATIENCE);
    const id = (await result.innerText()).replace('accepted as ', '');
    await life_of(page, id).locator('.now', {hasText: 'delivered'}).waitFor(PATIENCE);
    const ledger = await (await fetch(`http://127.0.0.1:${API_PORT}/_control/ledger`)).text();
    assert.ok(ledger.includes('looks'), ledger);
  },

  async 'the form refuses what no SMS can say, and names no such device'({page}) {
    await page.locator('#send-text').fill('smile 😀');
    assert.match(await page.locator('#send-length').innerText(), /not in the SMS alphabet/);
    assert.ok(await page.locator('#send-button').isDisabled());
    await page.locator('#send-text').fill('x'.repeat(161));
    assert.ok(await page.locator('#send-button').isDisabled());
    await page.locator('#send-text').fill('hello');
    await page.locator('#send-device').fill('no-such-device');
    await page.locator('#send-button').click();
    await page.locator('#send-result.fault', {hasText: 'unknown_device'}).waitFor(PATIENCE);
    await page.locator('#send-device').fill('');
    await page.locator('#send-text').fill('');
  },

  async 'somebody else\'s page cannot send'() {
    const json = {'Content-Type': 'application/json'};
    const body = '{"device":"meter-001","message":"forged"}';
    assert.equal((await send({...json})).status, 403, 'no Origin');
    assert.equal((await send({...json, Origin: 'http://evil.example'})).status, 403, 'another origin');
    assert.equal((await send({...json, Origin: 'null'})).status, 403, 'a sandboxed frame');
    assert.equal(raw({'Content-Type': 'text/plain', Origin: HOME}, body), 415, 'a plain form post');
    assert.equal(raw({...json, Host: 'evil.example', Origin: 'http://evil.example'}, body), 403, 'DNS rebinding');
    assert.equal(raw({...json, Host: '127.0.0.1.evil.example', Origin: 'http://127.0.0.1.evil.example'}, body), 403,
      'a name that begins like an address');
    assert.equal((await fetch(`${HOME}/send`)).status, 405);
    assert.equal(raw({...json, Origin: HOME}, '{"device":"meter-001"}'), 400, 'no message');
    assert.equal(raw({...json, Origin: HOME}, '{"device":"a/b","message":"x"}'), 422, 'no device name');
    const ledger = await (await fetch(`http://127.0.0.1:${API_PORT}/_control/ledger`)).text();
    assert.ok(!ledger.includes('forged'), ledger);
  },

  async 'a device filters the activity, by mouse and by keyboard'({page}) {
    publish('devices/front-gate/cmd', '{"payload":"open","id":"gate-1"}');
    await life_of(page, 'gate-1').locator('.now', {hasText: 'delivered'}).waitFor(PATIENCE);
    await page.locator('#devices button', {hasText: 'front-gate'}).click();
    await page.locator('.entry', {hasText: 'job-1'}).waitFor({state: 'detached', ...PATIENCE});
    assert.deepEqual(await page.locator('.entry:not([data-device="front-gate"])').count(), 0);
    await page.keyboard.press('Escape');
    await page.locator('.entry', {hasText: 'job-1'}).waitFor(PATIENCE);
    await page.keyboard.press('/');
    await page.keyboard.type('FRONT g'); // its label
    await page.waitForFunction(() => document.querySelectorAll('#devices button').length === 1, null, PATIENCE);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#clear-filter').waitFor(PATIENCE);
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.querySelectorAll('#devices button').length === 2, null, PATIENCE);
  },

  async 'a slow click counts, though the list moves on meanwhile'({page}) {
    const place = await page.locator('#devices button', {hasText: 'front-gate'}).boundingBox();
    await page.mouse.move(place.x + 20, place.y + 12); // on the name
    await page.mouse.down();
    publish('devices/front-gate/cmd', '{"payload":"open","id":"gate-2"}');
    await life_of(page, 'gate-2').locator('.now', {hasText: 'delivered'}).waitFor(PATIENCE);
    await page.mouse.up();
    await page.locator('#devices button[aria-pressed=true]', {hasText: 'front-gate'}).waitFor(PATIENCE);
    await page.keyboard.press('Escape');
  },

  async 'the keyboard stays where it is while the list moves on'({page}) {
    await page.locator('#devices button', {hasText: 'front-gate'}).focus();
    publish('devices/front-gate/cmd', '{"payload":"open","id":"gate-3"}');
    await life_of(page, 'gate-3').locator('.now', {hasText: 'delivered'}).waitFor(PATIENCE);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.device), 'front-gate');
    await page.keyboard.press('Escape');
  },

  async 'what has not changed is not told to a screen reader again'({page}) {
    await page.evaluate(() => {
      window.told = 0;
      window.watch = new MutationObserver((changes) => { window.told += changes.length; });
      for (const id of ['verdict', 'faults', 'send-result'])
        window.watch.observe(document.getElementById(id), {childList: true, characterData: true, subtree: true});
    });
    publish('devices/meter-001/cmd', '{"payload":"quiet","id":"quiet-1"}');
    await life_of(page, 'quiet-1').locator('.now', {hasText: 'delivered'}).waitFor(PATIENCE);
    assert.equal(await page.evaluate(() => { window.watch.disconnect(); return window.told; }), 0);
  },

  async 'what a device says is text, not markup'({page}) {
    publish('devices/<img src=x onerror=alert(1)>/cmd', '{"payload":"x","id":"markup-1"}');
    const entry = page.locator('.entry', {hasText: 'markup-1'});
    await entry.waitFor(PATIENCE);
    assert.match(await entry.innerText(), /<img src=x onerror=alert\(1\)>/);
    assert.equal(await page.locator('#entries img').count(), 0);
  },

  async 'an outage of the API needs somebody, until it is over'({page}) {
    await control('faults', [{on: 'create', times: -1, action: {status: 401}}]);
    publish('devices/meter-001/cmd', '{"payload":"later","id":"wait-1"}');
    await page.locator('#faults', {hasText: 'API is paused'}).waitFor(PATIENCE);
    await page.locator('#faults', {hasText: 'Mend the credentials'}).waitFor(PATIENCE);
    await shot(page, 'fault');
    await control('faults', {}, 'DELETE');
    await page.locator('#faults').waitFor({state: 'hidden', timeout: 90000});
    await life_of(page, 'wait-1').locator('.now', {hasText: 'delivered'}).waitFor({timeout: 90000});
  },

  async 'the page looks right in light, dark and on a phone'({page}) {
    await page.waitForFunction(() => document.querySelector('#rate-plot path')?.getAttribute('d').includes('L'), null,
      PATIENCE);
    for (const [name, colorScheme, width, height] of [['light', 'light', 1280, 900], ['dark', 'dark', 1280, 900],
      ['phone', 'light', 390, 844], ['phone-dark', 'dark', 360, 740]]) {
      await page.emulateMedia({colorScheme});
      await page.setViewportSize({width, height});
      // Until the plots are drawn anew.
      await until(`${name}: fitting in`, () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      await until(`${name}: no faint text but ${await page.evaluate(faint_texts)}`,
        async () => (await page.evaluate(faint_texts)).length === 0);
      const overlaps = () => page.evaluate(() => [...document.querySelectorAll('.life li')]
        .filter((step) => step.scrollWidth > step.clientWidth).map((step) => step.innerText));
      await until(`${name}: no overlap but ${await overlaps()}`, async () => (await overlaps()).length === 0);
      await shot(page, name);
    }
    await page.setViewportSize({width: 1280, height: 900});
  },

  async 'a page that is opened again shows what was before'({page}) {
    const before = await page.locator('.entry').count();
    await page.reload();
    await page.waitForFunction((count) => document.querySelectorAll('.entry').length >= count, before, PATIENCE);
    await page.locator('.entry', {hasText: 'job-1'}).waitFor(PATIENCE);
  },

  async 'more people than there are places are turned away, and let in later'() {
    const streams = [];
    let refused = 0;
    for (let i = 0; i < 12; i++) {
      const stop = new AbortController();
      const answer = await fetch(`${HOME}/page/events`, {signal: stop.signal});
      if (answer.status === 503) refused++;
      else streams.push(stop);
    }
    assert.ok(refused >= 4, `${refused} refused`);
    for (const stop of streams) stop.abort();
    const deadline = Date.now() + 30000;
    for (;;) {
      const stop = new AbortController();
      const {status} = await fetch(`${HOME}/page/events`, {signal: stop.signal});
      stop.abort();
      if (status === 200) break;
      assert.ok(Date.now() < deadline, 'no place became free');
      await new Promise((done) => setTimeout(done, 200));
    }
  },

  async 'the policy lets nothing in from outside, and nothing was refused by it'({page, complaints}) {
    const answer = await fetch(`${HOME}/`);
    assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
    assert.match(answer.headers.get('content-security-policy'), /frame-ancestors 'none'/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    const outside = await page.evaluate(() => performance.getEntriesByType('resource').map((entry) => entry.name)
      .filter((name) => !name.startsWith(location.origin)));
    assert.deepEqual(outside, []);
    assert.deepEqual(complaints.filter((text) => !/422|503/.test(text)), []);
  },

  async 'a bridge that starts again is followed again, and what is over is gone'({page}) {
    process.kill(Number(BRIDGE_PID));
    await page.locator('#verdict.bad', {hasText: 'no answer from the bridge'}).waitFor(PATIENCE);
    await until('the end of the bridge', async () => !await answers());
    second = spawn(`${BUILD}/mqtt-sms-bridge`, ['-c', `${WORLD}/bridge.yaml`], {stdio: 'ignore'});
    await page.locator('#verdict.good').waitFor(PATIENCE);
    await page.locator('.entry', {hasText: 'job-1'}).waitFor({state: 'detached', ...PATIENCE});
    publish('devices/meter-001/cmd', '{"payload":"hello again","id":"again-1"}');
    await life_of(page, 'again-1').locator('.now.good', {hasText: 'delivered'}).waitFor(PATIENCE);
  },
};

// Runs in the page: texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3).
function faint_texts() {
  const parts = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => parts(color).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const ground_of = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if ((parts(color)[3] ?? 1) > 0.5) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = new Set();
  for (const element of document.querySelectorAll('body *')) {
    const says = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!says || !element.checkVisibility() || element.matches(':disabled, noscript')) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(element instanceof SVGElement ? style.fill : style.color), light(ground_of(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.add(`${element.tagName}.${element.className} ${contrast.toFixed(2)}`);
  }
  return [...faint];
}

async function shot(page, name) {
  mkdirSync(SHOTS, {recursive: true});
  await page.screenshot({path: `${SHOTS}/${name}.png`, fullPage: true});
}

async function main() {
  const context = await chromium.launchPersistentContext(`${WORLD}/profile`,
    {executablePath: '/usr/bin/chromium', args: FLAGS, viewport: {width: 1280, height: 900}});
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(HOME);
  await page.locator('#verdict.good').waitFor(PATIENCE);
  let passed = 0, failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test({page, context, complaints});
      passed++;
      console.log(`ok: ${name}`);
    } catch (error) {
      failed++;
      console.error(`FAILED: ${name}\n${error.stack}`);
      await shot(page, `failed-${failed}`);
    }
  }
  await context.close();
  await stop_second();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}

await main();
