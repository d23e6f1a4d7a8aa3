// Avatars without pictures: a person's initial on a colour of their own; a bot gets the note emblem.
import { el } from './dom.js';
import { displayName } from './format.js';
import { icon } from './icons.js';

const COLOURS = 8; // classes avatar-0 .. avatar-7 in base.css

/** A round avatar of a user object. Decorative: the name is always next to it. */
export function avatar(user, extraClass = '') {
  const name = displayName(user);
  const colour = [...String(user?.id ?? name)].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
  const face = user?.bot ? icon('note') : [...name][0].toUpperCase();
  return el('span', {
    class: `avatar ${user?.bot ? 'avatar-bot' : `avatar-${colour % COLOURS}`} ${extraClass}`.trim(),
    'aria-hidden': 'true',
  }, face);
}
