// Files dropped anywhere on the page, or pasted: hands them to the composer and shows a frame while they hover.
import { el } from './dom.js';
import { icon } from './icons.js';

const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');

/** @param {(files: File[]) => void} take called with the dropped or pasted files */
export function installDropZone(take) {
  const veil = el('div', { class: 'drop-veil', 'aria-hidden': 'true' },
    el('div', { class: 'drop-card' }, icon('upload'), el('strong', { text: 'Drop it here' }),
      el('span', { text: 'The file goes into your command' })));
  let depth = 0; // dragenter and dragleave come for every element crossed
  const show = (by) => {
    depth = Math.max(0, by === 0 ? 0 : depth + by);
    if (depth) document.body.append(veil);
    else veil.remove();
  };
  const on = (name, handler) => window.addEventListener(name, (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); // or the browser would open the file in place of the page
    handler(event);
  });
  on('dragenter', () => show(+1));
  on('dragleave', () => show(-1));
  on('dragover', (event) => { event.dataTransfer.dropEffect = 'copy'; });
  on('drop', (event) => {
    show(0);
    take([...event.dataTransfer.files]);
  });
  window.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) take(files);
  });
}
