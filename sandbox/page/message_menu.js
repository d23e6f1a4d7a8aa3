// The '…' button of a message: the bot's commands on messages, under Discord's heading for them.
import { messageCommands } from './commands.js';
import { el } from './dom.js';
import { plainName } from './format.js';
import { iconButton } from './icons.js';

/**
 * @param {object} store
 * @param {(command: object) => void} onPick
 * @returns {HTMLElement}
 */
export function messageMenu(store, onPick) {
  const panel = el('div', { class: 'apps', role: 'menu', 'aria-label': 'Apps', hidden: true, tabindex: '-1' });
  const button = iconButton('more', 'Apps for this message', 'more-button', () => (panel.hidden ? open() : close()));
  button.setAttribute('aria-haspopup', 'menu');
  button.setAttribute('aria-expanded', 'false');
  const close = (keepsFocus = true) => {
    if (keepsFocus) button.focus();
    panel.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  };
  const item = (command) => el('button', {
    type: 'button', class: 'apps-row', role: 'menuitem', text: plainName(command.name),
    on: { click: () => { close(); onPick(command); } },
  });
  const open = () => {
    const items = messageCommands(store.commands).map(item);
    panel.replaceChildren(el('div', { class: 'list-head', 'aria-hidden': 'true', text: 'Apps' }), ...items);
    panel.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    items[0]?.focus();
    panel.scrollIntoView({ block: 'nearest' });
  };
  const keys = (event) => {
    if (panel.hidden) return;
    const items = [...panel.querySelectorAll('.apps-row')];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') close();
    else if (step && items.length) items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
    else return;
    event.preventDefault();
  };
  const element = el('div', { class: 'more', on: {
    keydown: keys, focusout: (event) => panel.hidden || element.contains(event.relatedTarget) || close(false),
  } }, button, panel);
  return element;
}
