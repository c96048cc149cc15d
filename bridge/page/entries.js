// The list of what happened: commands with their lives, SMS from devices.
// SPDX-License-Identifier: Apache-2.0
import {make} from './dom.js';
import {clock, span} from './time.js';

const GOOD = new Set(['delivered']);
const BAD = new Set(['failed', 'rejected', 'held']);
const WARN = new Set(['unknown', 'unconfirmed', 'expired', 'cancelled']);
const FINAL = new Set(['delivered', 'failed', 'rejected', 'expired', 'cancelled']);
const WORDS = {unknown: 'unknown: asking the API', held: 'held: needs you'};

export const shade = (state) => GOOD.has(state) ? 'good' : BAD.has(state) ? 'bad' : WARN.has(state) ? 'warn' : '';
export const word = (state) => WORDS[state] || state;
export const last = (command) => command.steps[command.steps.length - 1];
export const is_open = (command) => !FINAL.has(last(command).state);
export const is_worth_a_look = (entry) => entry.kind === 'command' &&
  (is_open(entry) || BAD.has(last(entry).state));
export const began = (entry) => entry.kind === 'command' ? entry.steps[0].at : entry.at;
export const changed = (entry) => entry.kind === 'command' ? last(entry).at : entry.at;

function body(entry) {
  if (entry.body !== undefined) return make('p', 'body mono', entry.body || ' ');
  return make('p', 'body none', `${entry.characters} character${entry.characters === 1 ? '' : 's'}, masked`);
}

// Of many attempts the last is shown; how many there were stands beside the name.
function without_repeats(steps) {
  const kept = [];
  for (const step of steps) {
    const [before, last_one] = kept.slice(-2);
    if (step.state === 'sending' && before?.state === 'sending' && last_one.state === 'accepted') kept.splice(-2);
    kept.push(step);
  }
  return kept;
}

// How long the line to the next step is: a moment and an hour have to fit beside each other.
const weight = (ms) => 1 + Math.log10(1 + Math.max(ms, 0) / 10);

// A line through time: a point for each step, and the longer the next one took, the farther away it is.
function life(command) {
  const list = make('ol', 'life');
  const steps = without_repeats(command.steps);
  steps.forEach((step, i) => {
    const after = i ? `+${span(step.at - steps[i - 1].at)}` : '';
    const said = i && step.state === 'accepted' ? 'to be sent again' : word(step.state);
    const item = make('li', shade(step.state), said, make('span', 'after', after));
    if (i < steps.length - 1) item.style.setProperty('--weight', weight(steps[i + 1].at - step.at).toFixed(2));
    else item.classList.add('now', is_open(command) ? 'open' : 'over');
    item.title = new Date(step.at).toLocaleString();
    list.append(item);
  });
  return list;
}

function when(ms) {
  const time = make('time', '', clock(ms));
  time.dateTime = new Date(ms).toISOString();
  return time;
}

export function show(entry) {
  const item = make('li', 'entry');
  item.dataset.key = entry.key;
  item.dataset.device = entry.device;
  if (entry.kind === 'message') {
    item.append(make('div', 'who', make('span', 'arrow', '← SMS from'),
      make('b', '', entry.device || `${entry.sim || 'a SIM'}, which no mapping names`), when(entry.at)), body(entry));
    return item;
  }
  const attempts = entry.attempts > 1 ? make('span', 'dim', `${entry.attempts} attempts`) : null;
  item.append(make('div', 'who', make('span', 'arrow to', '→ SMS to'), make('b', '', entry.device),
    make('span', 'mono dim', entry.id), attempts, when(entry.steps[0].at)), body(entry), life(entry));
  if (entry.code || entry.message)
    item.append(make('p', 'why', [entry.code, entry.message].filter(Boolean).join(': ')));
  return item;
}
