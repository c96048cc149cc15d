// Elements without markup: what devices say is only ever text.
// SPDX-License-Identifier: Apache-2.0

export const $ = (id) => document.getElementById(id);

export function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

// Changes a text only when it is another one: what stays is not read out again.
export function say(id, text, className) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
  if (className !== undefined && element.className !== className) element.className = className;
}

// Gives a parent these children; what stands right already is not touched, and keeps its focus and its animation.
export function put(into, items) {
  const wanted = new Set(items);
  for (const item of [...into.children]) if (!wanted.has(item)) item.remove();
  items.forEach((item, i) => {
    if (into.children[i] !== item) into.insertBefore(item, into.children[i] || null);
  });
}

const SVG = 'http://www.w3.org/2000/svg';

export function shape(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
