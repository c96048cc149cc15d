// A line plot: one path a series, a line of zero and one of the top.
// SPDX-License-Identifier: Apache-2.0
import {shape} from './dom.js';
import {clock} from './time.js';

const WIDTH = 600, HEIGHT = 120, LEFT = 34, BOTTOM = 18, TOP = 10;

function top_of(samples, series) {
  let top = 1;
  for (const sample of samples) for (const [, value] of series) top = Math.max(top, value(sample));
  const unit = 10 ** Math.floor(Math.log10(top));
  for (const step of [1, 2, 5, 10]) if (top <= step * unit) return step * unit;
  return top;
}

// series: [name, value of a sample][]; span_ms: how much time the whole width is.
export function plot(into, samples, series, span_ms) {
  const width = Math.max(240, into.clientWidth || WIDTH);
  const top = top_of(samples, series);
  const end = samples.length ? samples[samples.length - 1].at : Date.now();
  const x = (at) => LEFT + (width - LEFT - 4) * (1 - (end - at) / span_ms);
  const y = (value) => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top;
  const label = series.map(([name]) => name).join(', ');
  const svg = shape('svg', {viewBox: `0 0 ${width} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img',
    'aria-label': `${label}; at most ${top}`});
  for (const value of [0, top]) {
    svg.append(shape('line', {class: 'grid', x1: LEFT, x2: width, y1: y(value), y2: y(value)}));
    svg.append(shape('text', {x: LEFT - 6, y: y(value) + 4, 'text-anchor': 'end'}, short(value)));
  }
  svg.append(shape('text', {x: LEFT, y: HEIGHT - 3}, clock(end - span_ms)));
  svg.append(shape('text', {x: width - 4, y: HEIGHT - 3, 'text-anchor': 'end'}, samples.length ? clock(end) : ''));
  const shown = samples.filter((sample) => end - sample.at <= span_ms);
  for (const [name, value] of series) {
    const points = shown.map((sample) => `${x(sample.at).toFixed(1)} ${y(value(sample)).toFixed(1)}`);
    if (points.length === 1) points.push(points[0]);
    if (points.length) svg.append(shape('path', {class: name, d: `M${points.join('L')}`}));
  }
  into.replaceChildren(svg);
}

function short(value) {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e3 ? `${value / 1e3}k` : `${value}`;
}
