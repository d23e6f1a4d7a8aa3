// The choices that come from the server itself, for options, menus and forms: members, roles and channels.
import { displayName, plainName } from './format.js';

const TEXT_CHANNEL = 0;

/**
 * @param {object} store
 * @param {'user'|'role'|'mentionable'|'channel'} kind
 * @param {number[]} [channelTypes] the types of channels that may be chosen; any where there are none
 * @returns {{name: string, value: string}[]}
 */
export function guildChoices(store, kind, channelTypes) {
  const people = [store.me, store.bot].filter(Boolean)
    .map((user) => ({ name: `@${displayName(user)}`, value: user.id }));
  const roles = (store.guild.roles ?? [])
    .map(({ id, name }) => ({ name: `@${plainName(name).replace(/^@/, '')}`, value: id }));
  if (kind === 'user') return people;
  if (kind === 'role') return roles;
  if (kind === 'mentionable') return [...people, ...roles];
  const fits = !channelTypes?.length || channelTypes.includes(store.channel.type ?? TEXT_CHANNEL);
  return fits ? [{ name: `#${plainName(store.channel.name)}`, value: store.channel.id }] : [];
}
