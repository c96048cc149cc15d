// Times and spans as people say them.
// SPDX-License-Identifier: Apache-2.0

export function span(ms) {
  if (ms < 0) ms = 0;
  if (ms < 95) return `${Math.round(ms)} ms`;
  if (ms < 950) return `${Math.round(ms / 10) / 100} s`;
  if (ms < 9500) return `${Math.round(ms / 100) / 10} s`;
  const s = Math.round(ms / 1000);
  if (s < 90) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 129600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

export const time_of_day = (ms) =>
  new Date(ms).toLocaleTimeString([], {hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false});

export function clock(ms) {
  const at = new Date(ms);
  const today = new Date().toDateString() === at.toDateString();
  const time = time_of_day(ms);
  return today ? time : `${at.toLocaleDateString()} ${time}`;
}
