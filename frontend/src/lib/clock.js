// Due moments and ages stay true while the page is open.
import { text } from './texts.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function span(ms, away = '') {
  const [minutes, hours, days] = [MINUTE, HOUR, DAY].map((unit) => Math.round(ms / unit));
  if (minutes < 60) return text('min', Math.max(1, minutes));
  if (hours < 48) return text('h', hours);
  return text((days === 1 ? 'day' : 'days') + away, days);
}

function tick() {
  const now = Date.now();
  for (const node of document.querySelectorAll('time[data-due]')) {
    const left = Date.parse(node.dateTime) - now;
    node.classList.toggle('late', left < 0);
    node.classList.toggle('soon', left >= 0 && left < DAY);
    const words = left < 0 ? text('late', span(-left)) : left < MINUTE ? text('now') : text('in', span(left, '_away'));
    if (node.lastElementChild.textContent !== words) node.lastElementChild.textContent = words;
  }
  for (const node of document.querySelectorAll('time[data-ago]')) {
    const passed = now - Date.parse(node.dateTime);
    const words = passed < MINUTE ? text('just') : text('ago', span(passed, '_away'));
    if (node.textContent !== words) node.textContent = words;
  }
}

export function start() {
  setInterval(tick, 20_000);
  document.addEventListener('tidegate:renewed', tick);
}
