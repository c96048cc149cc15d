// The form that sends a command: to the bridge the same as a message over MQTT.
// SPDX-License-Identifier: Apache-2.0
import {$} from './dom.js';
import {known} from './devices.js';

// GSM 03.38: what an SMS can say, and what costs two of its 160 places.
const BASIC = '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENDED = '^{}\\[~]|€\f';

// What was said of the last text does not stand beside a new one.
function forget_result() {
  $('send-result').textContent = '';
}

function count() {
  const text = [...$('send-text').value];
  const foreign = text.find((character) => !BASIC.includes(character) && !EXTENDED.includes(character));
  const wrong = foreign !== undefined || text.length > 160;
  $('send-length').textContent = foreign !== undefined ? `“${foreign}” is not in the SMS alphabet`
    : `${text.length} of 160`;
  $('send-length').classList.toggle('over', wrong);
  $('send-button').disabled = wrong;
}

// A device that takes text only is sent the text; all others an envelope, so that no text is taken for one.
function message_for(device, text) {
  return known.get(device)?.form === 'text' ? text : JSON.stringify({payload: text});
}

async function send(event) {
  event.preventDefault();
  const device = $('send-device').value.trim();
  $('send-button').disabled = true;
  $('send-result').textContent = '…';
  $('send-result').className = '';
  try {
    const answer = await fetch('/send', {method: 'POST', headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({device, message: message_for(device, $('send-text').value)})});
    const verdict = await answer.json();
    $('send-result').textContent = verdict.accepted ? `accepted as ${verdict.id}`
      : `${verdict.code}: ${verdict.message}`;
    $('send-result').className = verdict.accepted ? 'state good' : 'fault';
    if (verdict.accepted) $('send-text').value = '';
  } catch {
    $('send-result').textContent = 'the bridge did not answer; look at the activity before you send again';
    $('send-result').className = 'fault';
  }
  count();
}

export function prepare() {
  $('send-form').addEventListener('submit', send);
  $('send-text').addEventListener('input', count);
  for (const field of ['send-text', 'send-device']) $(field).addEventListener('input', forget_result);
  $('send-text').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) $('send-form').requestSubmit();
  });
}
