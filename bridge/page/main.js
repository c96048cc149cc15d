// The page: follows the bridge's events and shows what they say.
// SPDX-License-Identifier: Apache-2.0
import {$, make, put, say} from './dom.js';
import * as devices from './devices.js';
import * as list from './entries.js';
import {plot} from './plot.js';
import {prepare} from './send.js';
import {span, time_of_day} from './time.js';

const SHOWN = 200; // entries in the list; more are in memory
const state = {hello: null, health: null, entries: new Map(), samples: [], chosen: '', due: false};

function forget() {
  state.entries.clear();
  state.samples = [];
}

// ---- what is shown ---------------------------------------------------------------------------------

// What credentials cannot mend, time does.
const help_for_api = (why) => /^api_40[13]\b|credential|token/.test(why) ? 'Mend the credentials, then reload (SIGHUP).'
  : 'It is asked again by itself, one request at a time.';

// [what, why, what to do] of each.
function faults_of(health) {
  const faults = [];
  if (health.broker !== 'up') faults.push(['No connection to the broker.', health.broker_why, 'It is tried again.']);
  if (health.api !== 'ok')
    faults.push(['The API is paused; commands wait.', health.api_why, help_for_api(health.api_why || '')]);
  if (health.disk !== 'ok')
    faults.push(['The disk is full; new commands are not taken.', '', 'Free some space where the spool lives.']);
  if (health.mark !== 'ok') {
    faults.push(['The file beside the spool cannot be written.', health.mark_why,
      'An older copy of the spool would not be noticed: mend the rights of its .mark file.']);
  }
  if (health.held > 0) {
    faults.push([`${health.held} command${health.held > 1 ? 's are' : ' is'} held.`,
      'Nobody knows whether the SMS left.',
      `Cancel or retry: publish {"id":"…"} on ${state.hello?.bridge}/request/cancel or …/request/retry.`]);
  }
  return faults;
}

function show_faults(faults) {
  const said = JSON.stringify(faults);
  if ($('faults').dataset.said === said) return;
  $('faults').dataset.said = said;
  $('faults').hidden = faults.length === 0;
  $('faults').replaceChildren(...faults.map(([what, why, help]) =>
    make('p', '', make('b', '', what), why ? ` ${why}` : '', make('span', 'help', help))));
}

function since_callback(health) {
  if (health.last_callback) return span(Date.now() - Date.parse(health.last_callback));
  return state.hello?.mode === 'polling' ? 'polling' : 'none yet';
}

function show_health() {
  const health = state.health;
  if (!health) return;
  const faults = faults_of(health);
  show_faults(faults);
  const good = health.status === 'ok';
  say('verdict', good ? 'all is well' : 'needs attention', `badge ${good ? 'good' : 'bad'}`);
  document.title = `${faults.length ? '⚠ ' : ''}mqtt-sms-bridge`;
  $('waiting').textContent = health.queue_depth;
  $('oldest').textContent = health.queue_depth ? span(health.oldest_age_s * 1000) : '–';
  $('unresolved').textContent = health.unresolved;
  $('unresolved').parentElement.classList.toggle('bad', health.held > 0);
  $('events').textContent = health.events_waiting;
  $('callback').textContent = since_callback(health);
}

function show_hello() {
  const hello = state.hello;
  const mode = hello.mode === 'polling' ? 'polling' : 'callbacks';
  const dry = hello.dry_run ? ', dry run: nothing is sent' : '';
  $('about').textContent = `${hello.version}, ${mode}, ${hello.api}${dry}`;
  $('masked').hidden = hello.bodies;
  $('send').hidden = !hello.send;
  $('since').textContent = `${new Date(hello.epoch).toLocaleDateString()} ${time_of_day(hello.epoch)}`;
  $('request-topic').textContent = `${hello.bridge}/request/pending`;
}

function show_plots() {
  const most = state.hello ? state.hello.sample_ms * state.hello.samples : 1800000;
  const age = state.samples.length ? state.samples[state.samples.length - 1].at - state.samples[0].at : 0;
  const span_ms = Math.min(most, Math.max(age, 300000));
  const a_minute = (name) => [name, (sample) => sample[name] * 60000 / (state.hello?.sample_ms || 5000)];
  plot($('queue-plot'), state.samples, [['open', (s) => s.open], ['events', (s) => s.events]], span_ms);
  plot($('rate-plot'), state.samples, ['accepted', 'delivered', 'failed', 'received'].map(a_minute), span_ms);
}

// The last command and the last SMS of each device.
function lately() {
  const found = new Map();
  for (const entry of state.entries.values()) {
    const of = found.get(entry.device) || {};
    if (!of[entry.kind] || list.began(entry) >= list.began(of[entry.kind])) of[entry.kind] = entry;
    found.set(entry.device, of);
  }
  return found;
}

function show_entries() {
  const only = $('only-open').checked;
  const wanted = [...state.entries.values()]
    .filter((entry) => (!state.chosen || entry.device === state.chosen) && (!only || list.is_worth_a_look(entry)))
    .sort((a, b) => list.began(b) - list.began(a));
  const here = new Map([...$('entries').children].map((item) => [item.dataset.key, item]));
  const items = wanted.slice(0, SHOWN).map((entry) => {
    const old = here.get(entry.key);
    if (old && old.dataset.changed === String(list.changed(entry))) return old;
    const item = list.show(entry);
    item.dataset.changed = list.changed(entry);
    if (Date.now() - list.changed(entry) < 2000) item.classList.add('fresh');
    return item;
  });
  put($('entries'), items);
  $('nothing').hidden = items.length > 0;
  $('nothing').textContent = state.entries.size ? 'Nothing that matches.' : 'Nothing yet.';
  $('activity-of').textContent = state.chosen ? `of ${state.chosen}` : wanted.length > SHOWN ? `the last ${SHOWN}` : '';
  $('clear-filter').hidden = !state.chosen;
}

function show() {
  state.due = false;
  show_health();
  show_plots();
  show_entries();
  devices.show(lately(), state.chosen, choose);
}

// Many events, one look at them.
function later() {
  if (state.due) return;
  state.due = true;
  (document.hidden ? (f) => setTimeout(f, 1000) : requestAnimationFrame)(show);
}

function choose(device) {
  state.chosen = device;
  if (device) $('send-device').value = device;
  later();
}

// ---- what is told ----------------------------------------------------------------------------------

function add(kind, entry) {
  entry.kind = kind;
  state.entries.delete(entry.key);
  state.entries.set(entry.key, entry);
  const most = 2 * (state.hello?.entries || 500);
  if (state.entries.size > most) state.entries.delete(state.entries.keys().next().value);
  later();
}

function on(source, name, handle) {
  source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
}

function follow() {
  const source = new EventSource('/page/events');
  on(source, 'hello', (hello) => {
    if (state.hello && state.hello.epoch !== hello.epoch) forget();
    state.hello = hello;
    show_hello();
    devices.find($('filter').value, later);
    later();
  });
  on(source, 'health', (health) => {
    state.health = health;
    later();
  });
  on(source, 'command', (entry) => add('command', entry));
  on(source, 'message', (entry) => add('message', entry));
  on(source, 'sample', (sample) => {
    if (state.samples.length && sample.at <= state.samples[state.samples.length - 1].at) return; // told again
    state.samples.push(sample);
    state.samples = state.samples.slice(-(state.hello?.samples || 360));
    later();
  });
  source.onerror = () => {
    say('verdict', 'no answer from the bridge', 'badge bad');
    state.health = null;
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
  };
}

// ---- what is done ----------------------------------------------------------------------------------

function on_key(event) {
  const typing = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox' ||
    event.target instanceof HTMLTextAreaElement;
  if (event.key === 'Escape') {
    $('filter').value = '';
    event.target.blur();
    choose('');
    devices.find('', later);
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const goal = event.key === '/' ? $('filter') : event.key === 's' && !$('send').hidden ? $('send-device') : null;
    if (goal) {
      event.preventDefault();
      goal.focus();
    }
  }
}

$('filter').addEventListener('input', () => devices.find($('filter').value, later));
$('only-open').addEventListener('change', later);
$('clear-filter').addEventListener('click', () => choose(''));
document.addEventListener('keydown', on_key);
addEventListener('resize', later);
setInterval(later, 10000); // "5 s ago" grows older
prepare();
show();
follow();
