// The devices: those that match the filter, each with its last command and its last SMS.
// SPDX-License-Identifier: Apache-2.0
import {$, make} from './dom.js';
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

export function show(lately, chosen, choose) {
  const items = [...known.values()].map((device) => {
    const {command, message} = lately.get(device.device) || {};
    const button = make('button', '', make('b', '', device.device), ' ',
      make('span', 'dim', device.label === device.device ? '' : device.label),
      make('span', 'last',
        command ? ago(word(last(command).state), command, last(command).at, `state ${shade(last(command).state)}`)
          : make('span', '', 'no command yet'),
        ago('← SMS', message, message?.at)));
    button.type = 'button';
    button.title = device.sim;
    button.setAttribute('aria-pressed', String(device.device === chosen));
    button.addEventListener('click', () => choose(device.device === chosen ? '' : device.device));
    button.dataset.device = device.device;
    return make('li', '', button);
  });
  const focused = document.activeElement?.dataset?.device;
  $('devices').replaceChildren(...items);
  if (focused !== undefined) $('devices').querySelector(`[data-device="${CSS.escape(focused)}"]`)?.focus();
}
