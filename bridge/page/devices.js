// The devices: those that match the filter, each with its last command and its last SMS.
// SPDX-License-Identifier: Apache-2.0
import {$, make, put} from './dom.js';
import {last, shade, word} from './entries.js';
import {span} from './time.js';

let asked = 0;
export let known = new Map(); // name -> {device, label, sim, form}

// Asks the bridge for devices that match; the answer of an older question is let be.
export async function find(filter, then) {
  const question = ++asked;
  const answer = await fetch(`/page/devices?filter=${encodeURIComponent(filter)}`);
  if (!answer.ok || question !== asked) return;
  const found = await answer.json();
  if (question !== asked) return;
  known = new Map(found.found.map((device) => [device.device, device]));
  $('device-count').textContent = `${found.devices}`;
  $('devices-more').hidden = found.found.length >= found.devices || found.found.length < 100;
  $('devices-more').textContent = 'The first 100; filter for others.';
  $('device-names').replaceChildren(...found.found.map(({device, label}) => {
    const option = make('option');
    option.value = device;
    option.label = label;
    return option;
  }));
  then();
}

function ago(what, entry, at, className) {
  return entry && make('span', className || '', `${what} ${span(Date.now() - at)} ago`);
}

// A button stays the same element for as long as its device is shown: a click that takes its time is not lost.
const buttons = new Map();

function button_for(device, choose) {
  const known_one = buttons.get(device);
  if (known_one) return known_one;
  const button = make('button');
  button.type = 'button';
  button.dataset.device = device;
  button.addEventListener('click', () => choose(button.getAttribute('aria-pressed') === 'true' ? '' : device));
  buttons.set(device, button);
  return button;
}

function fill(button, {device, label, sim}, {command, message} = {}) {
  button.title = sim;
  button.replaceChildren(make('b', '', device), ' ', make('span', 'dim', label === device ? '' : label),
    make('span', 'last',
      command ? ago(word(last(command).state), command, last(command).at, `state ${shade(last(command).state)}`)
        : make('span', '', 'no command since the start'),
      message ? ago('← SMS', message, message.at) : ''));
}

export function show(lately, chosen, choose) {
  const items = [...known.values()].map((device) => {
    const button = button_for(device.device, choose);
    fill(button, device, lately.get(device.device));
    button.setAttribute('aria-pressed', String(device.device === chosen));
    return button.parentElement || make('li', '', button);
  });
  for (const device of buttons.keys()) if (!known.has(device)) buttons.delete(device);
  put($('devices'), items);
}
