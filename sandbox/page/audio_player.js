// A small audio player around the browser's <audio>: play, seek, time, mute. Only one plays at a time.
import { el, ownUrl } from './dom.js';
import { clock, fileSize, plainName } from './format.js';
import { icon, iconButton } from './icons.js';
import { downloadLink } from './download_link.js';

const SEEK_STEPS = 1000;
const CANNOT_PLAY = 'This browser cannot play the file; it can still be downloaded.';
let sounding = null;

/** Whether this browser can play an attachment of this type; it cannot play MIDI. */
export function isPlayable(contentType = '') {
  const [type] = contentType.split(';');
  return type.startsWith('audio/') && document.createElement('audio').canPlayType(type) !== '';
}

/** The player of one attachment. @returns {HTMLElement} */
export function audioPlayer(attachment) {
  const name = plainName(attachment.filename);
  const audio = el('audio', { src: ownUrl(attachment.url)?.href, preload: 'metadata' });
  const play = iconButton('play', `Play ${name}`, 'play', () => toggle(audio));
  const seek = el('input', {
    type: 'range', class: 'seek', min: 0, max: SEEK_STEPS, value: 0, step: 1, 'aria-label': `Position in ${name}`,
  });
  const time = el('span', { class: 'time', text: '0:00 / –:––' });
  const mute = iconButton('volume', 'Mute', 'mute', () => toggleMute(audio, mute));
  mute.setAttribute('aria-pressed', 'false');
  const note = el('p', { class: 'audio-note', role: 'alert', hidden: true }, CANNOT_PLAY);
  wireSound({ audio, play, seek, time, note, name });
  seek.addEventListener('input', () => {
    if (audio.duration) audio.currentTime = (seek.value / SEEK_STEPS) * audio.duration;
  });
  return el('div', { class: 'audio', role: 'group', 'aria-label': `Audio: ${name}` },
    el('div', { class: 'audio-head' }, icon('note'), el('bdi', { class: 'audio-name', text: name }),
      el('span', { class: 'audio-size', text: fileSize(attachment.size) }), downloadLink(attachment)),
    el('div', { class: 'audio-row' }, play, time, seek, mute), note, audio);
}

function wireSound({ audio, play, seek, time, note, name }) {
  const showState = () => {
    play.replaceChildren(icon(audio.paused ? 'play' : 'pause'));
    play.setAttribute('aria-label', `${audio.paused ? 'Play' : 'Pause'} ${name}`);
  };
  const showTime = () => {
    const part = audio.duration ? audio.currentTime / audio.duration : 0;
    seek.value = part * SEEK_STEPS;
    seek.style.setProperty('--part', `${part * 100}%`);
    time.textContent = `${clock(audio.currentTime)} / ${clock(audio.duration)}`;
    seek.setAttribute('aria-valuetext', `${clock(audio.currentTime)} of ${clock(audio.duration)}`);
  };
  audio.addEventListener('play', () => {
    if (sounding !== audio) sounding?.pause();
    sounding = audio;
    showState();
  });
  for (const event of ['pause', 'ended']) audio.addEventListener(event, showState);
  for (const event of ['timeupdate', 'durationchange', 'seeked']) audio.addEventListener(event, showTime);
  audio.addEventListener('error', () => { note.hidden = false; });
}

function toggle(audio) {
  if (!audio.paused) audio.pause();
  // The error event already reports a file that cannot be played; the promise rejects for the same reason.
  else audio.play().catch(() => undefined);
}

function toggleMute(audio, button) {
  audio.muted = !audio.muted;
  button.replaceChildren(icon(audio.muted ? 'muted' : 'volume'));
  button.setAttribute('aria-pressed', String(audio.muted));
}
