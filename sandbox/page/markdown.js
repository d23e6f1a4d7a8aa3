// Discord's Markdown, the part bots use, as DOM nodes: bold, italics, underline, strike, code, links, lists, headings,
// quotes, small print, timestamps and mentions. Everything is a text node or one of a fixed set of elements.
import { el, safeUrl } from './dom.js';
import { displayName, plainName } from './format.js';

const DEEPEST = 6; // nesting beyond this is shown as it was typed

// Tried in order at each position. Every body stops at its own mark, so no rule backtracks more than linearly.
const INLINE = [
  [/\\([\\*_~`[\]()<>#-])/y, (m) => m[1]],
  [/``([^\n]+?)``|`([^`\n]+)`/y, (m) => el('code', { text: m[1] ?? m[2] })],
  [/\*\*([^\n]+?)\*\*(?!\*)/y, (m, context) => styled('strong', m[1], context)],
  [/__([^\n]+?)__(?!_)/y, (m, context) => styled('u', m[1], context)],
  [/~~([^\n]+?)~~/y, (m, context) => styled('s', m[1], context)],
  [/\*([^\s*](?:[^*\n]*[^\s*])?)\*/y, (m, context) => styled('em', m[1], context)],
  [/(?<![\p{L}\p{N}])_([^\s_](?:[^_\n]*[^\s_])?)_(?![\p{L}\p{N}])/uy, (m, context) => styled('em', m[1], context)],
  [/\[([^\]\n]{1,400})\]\(<?([^\s()<>]{1,2000})>?\)/y, (m, context) => link(m[2], m[1], m[0], context)],
  [/<(https?:\/\/[^\s<>]{1,2000})>/y, (m, context) => link(m[1], m[1], m[0], context)],
  [/https?:\/\/[^\s<>]{1,2000}[^\s<>.,:;!?"')\]]/y, (m, context) => link(m[0], m[0], m[0], context)],
  [/<t:(-?\d{1,12})(?::[tTdDfFR])?>/y, (m) => timestamp(Number(m[1]))],
  [/<@!?(\d{1,20})>/y, (m, context) => mention(`@${nameOf(m[1], context)}`)],
  [/<#(\d{1,20})>/y, (m, context) => mention(`#${plainName(context.store?.channel?.name ?? 'channel')}`)],
  [/<\/([^:\n>]{1,100}):\d{1,20}>/y, (m) => mention(`/${m[1]}`)],
  [/<a?:(\w{1,32}):\d{1,20}>/y, (m) => `:${m[1]}:`],
];

/**
 * Markdown as nodes, block by block.
 * @param {string} text
 * @param {{store?: object, mentions?: object[]}} context where mentions find their names
 * @returns {DocumentFragment}
 */
export function markdown(text, context = {}) {
  const fragment = document.createDocumentFragment();
  // The capture keeps the fenced blocks: odd pieces are code.
  String(text ?? '').split(/```(?:[\w+-]{0,20}\n)?([^]*?)```\n?/).forEach((piece, index) => {
    if (index % 2) fragment.append(el('pre', {}, el('code', { text: piece.replace(/\n$/, '') })));
    else if (piece) appendBlocks(fragment, piece.split('\n'), context);
  });
  return fragment;
}

/** One line of Markdown without blocks: titles and field names. */
export function inlineMarkdown(text, context = {}) {
  const fragment = document.createDocumentFragment();
  fragment.append(...inline(String(text ?? ''), { ...context, depth: 0 }));
  return fragment;
}

function appendBlocks(parent, lines, context) {
  let open = null; // the list or paragraph that the next line may join
  for (const line of lines) {
    const block = blockOf(line);
    const nodes = inline(block.text, { ...context, depth: 0 });
    if (block.tag === 'li') {
      if (open?.dataset.kind !== block.list) parent.append(open = el(block.list, { 'data-kind': block.list }));
      const item = el('li', { class: block.deep ? 'deep' : null }, ...nodes);
      if (block.list === 'ol') item.value = block.number;
      open.append(item);
    } else if (block.tag === 'p') {
      if (!line.trim() && open?.dataset.kind !== 'p') {
        open = null;
        continue;
      }
      if (open?.dataset.kind === 'p') open.append('\n', ...nodes);
      else parent.append(open = el('p', { 'data-kind': 'p' }, ...nodes));
    } else {
      open = null;
      parent.append(el(block.tag, { class: block.class ?? null }, ...nodes));
    }
  }
  for (const paragraph of parent.querySelectorAll('p')) trimEnd(paragraph);
}

function blockOf(line) {
  let match = /^(#{1,3}) +(\S.*)$/.exec(line);
  // h1 and h2 belong to the page: a message's headings start below them.
  if (match) return { tag: `h${match[1].length + 2}`, text: match[2] };
  if ((match = /^-# +(\S.*)$/.exec(line))) return { tag: 'small', class: 'subtext', text: match[1] };
  if ((match = /^( *)[-*] +(\S.*)$/.exec(line))) {
    return { tag: 'li', list: 'ul', deep: match[1].length > 0, text: match[2] };
  }
  if ((match = /^( *)(\d{1,6})\. +(\S.*)$/.exec(line))) {
    return { tag: 'li', list: 'ol', deep: match[1].length > 0, number: Number(match[2]), text: match[3] };
  }
  if ((match = /^> ?(.*)$/.exec(line))) return { tag: 'blockquote', text: match[1] };
  return { tag: 'p', text: line };
}

function trimEnd(paragraph) {
  while (paragraph.lastChild?.nodeType === Node.TEXT_NODE && !paragraph.lastChild.data.trim()) {
    paragraph.lastChild.remove();
  }
}

function inline(text, context) {
  const nodes = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    const hit = matchAt(text, at, context);
    if (hit) {
      if (plain) nodes.push(plain);
      plain = '';
      nodes.push(hit.node);
      at += hit.length;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function matchAt(text, at, context) {
  if (!/[\\`*_~[<h]/.test(text[at]) || context.depth >= DEEPEST) return null;
  for (const [rule, build] of INLINE) {
    rule.lastIndex = at;
    const match = rule.exec(text);
    if (match) return { node: build(match, context), length: match[0].length };
  }
  return null;
}

function styled(tag, text, context) {
  return el(tag, {}, ...inline(text, { ...context, depth: context.depth + 1 }));
}

function link(address, label, source, context) {
  const url = safeUrl(address);
  if (!url || context.inLink) return source;
  const below = { ...context, depth: context.depth + 1, inLink: true };
  const inner = label === address ? [plainName(label)] : inline(label, below);
  return el('a', { href: url.href, title: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...inner);
}

function timestamp(seconds) {
  const time = new Date(seconds * 1000);
  if (Number.isNaN(time.getTime())) return '';
  return el('time', { datetime: time.toISOString(), class: 'mention', text: time.toLocaleString() });
}

function mention(text) {
  return el('span', { class: 'mention', text });
}

function nameOf(id, { store, mentions = [] }) {
  const user = [...mentions, store?.me, store?.bot].find((someone) => someone?.id === id);
  return user ? displayName(user) : 'member';
}
