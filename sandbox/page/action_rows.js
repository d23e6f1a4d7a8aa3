// Action rows: a message's buttons in Discord's five styles and its select menus, and which of them wait for the
// bot's answer.
import { el, safeUrl } from './dom.js';
import { icon } from './icons.js';
import { isSelect, SelectMenu } from './select_menu.js';

const STYLES = { 1: 'primary', 2: 'secondary', 3: 'success', 4: 'danger', 5: 'link' };
const ACTION_ROW = 1;
const BUTTON = 2;

/**
 * @param {object[]} rows the message's components
 * @param {{store: object, waiting: Set<string>, chosen: Map<string, string[]>,
 *   press: (customId: string, values?: string[]) => void}} context `waiting`: custom ids whose answer is awaited;
 *   `chosen`: what was last sent of each menu
 * @returns {HTMLElement[]}
 */
export function actionRows(rows, context) {
  return rows.map((row) => (row.type === ACTION_ROW
    ? el('div', { class: 'buttons' }, ...row.components.map((component) => control(component, context)))
    : unknown(row)));
}

/** A note in place of a component that this page cannot show. */
function unknown({ type }) {
  return el('p', { class: 'failure', text: `This page cannot show a component of type ${type}.` });
}

function control(component, context) {
  if (component.type === BUTTON) return button(component, context);
  if (isSelect(component)) return menu(component, context);
  return unknown(component);
}

function menu(component, { store, waiting, chosen, press }) {
  return new SelectMenu(component, {
    store, label: component.placeholder || 'Menu', picked: chosen.get(component.custom_id),
    isWaiting: waiting.has(component.custom_id), onPick: (values) => press(component.custom_id, values),
  }).element;
}

function button(component, { waiting, press }) {
  const style = STYLES[component.style] ?? 'secondary';
  const drawn = component.emoji && !component.emoji.id; // a server's own emoji would have to be fetched
  const emoji = drawn ? el('span', { 'aria-hidden': 'true', text: component.emoji.name }) : null;
  const label = component.label ? el('span', { text: component.label }) : null;
  if (style === 'link') {
    return el('a', {
      class: 'button button-link', href: safeUrl(component.url)?.href, target: '_blank',
      rel: 'noopener noreferrer nofollow',
    }, emoji, label, icon('external'));
  }
  const waits = waiting.has(component.custom_id);
  return el('button', {
    type: 'button', class: `button button-${style} ${waits ? 'is-waiting' : ''}`, disabled: component.disabled === true,
    'data-custom-id': component.custom_id, 'aria-busy': waits ? 'true' : null,
    'aria-label': component.label ? null : component.emoji?.name,
    // A waiting button stays focusable, so that the keyboard does not lose its place; a second press does nothing.
    on: { click: () => waits || press(component.custom_id) },
  }, emoji, label);
}
