// Talking to the server: with the CSRF token, answers and refusals as plain objects.
import { text } from './texts.js';

export const token = () => document.querySelector('meta[name="csrf-token"]').content;

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || text('failed'));
    this.problem = problem;
  }
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { status: response.status, title: text('failed') };
  }
}

/** POST a form or, as JSON, anything else. Answers the body; throws Refused with the server's words. */
export async function post(address, body) {
  const headers = { Accept: 'application/json', 'X-Tidegate-Fetch': '1', 'X-CSRFToken': token() };
  const form = body instanceof FormData;
  if (!form) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(address, { method: 'POST', body: form ? body : JSON.stringify(body ?? {}), headers, credentials: 'same-origin' });
  } catch {
    throw new Refused({ status: 0, title: text('failed') });
  }
  if (!response.ok) throw new Refused(await problemOf(response));
  return response.status === 204 ? {} : response.json();
}

export async function get(address) {
  const response = await fetch(address, { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
  if (!response.ok) throw new Refused(await problemOf(response));
  return response.json();
}

export async function getText(address) {
  const response = await fetch(address, { headers: { Accept: 'text/html, application/xml' }, credentials: 'same-origin' });
  if (!response.ok) throw new Refused({ status: response.status, title: text('failed') });
  return response.text();
}
