// The page's side of the protocol: a WebSocket for events in the channel, and a POST for each action of the member.
// Has no elements: the store handles the events; the composer and the buttons call `interact`.

const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 8000;

/** An action the server refused; `message` is the sentence to show. */
export class Refused extends Error {}

export class Client {
  #socket = null;
  #retryMs = FIRST_RETRY_MS;
  #timer = null;

  /**
   * @param {string} name the member of this page
   * @param {(event: object) => void} onEvent every event of the server
   * @param {(connected: boolean) => void} onConnection
   */
  constructor(name, onEvent, onConnection) {
    this.name = name;
    this.onEvent = onEvent;
    this.onConnection = onConnection;
    window.addEventListener('online', () => this.#retryNow());
  }

  connect() {
    clearTimeout(this.#timer);
    const address = new URL('/client', location.href);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    address.searchParams.set('as', this.name);
    this.#socket = new WebSocket(address);
    this.#socket.addEventListener('open', () => this.#opened());
    this.#socket.addEventListener('message', (frame) => this.onEvent(JSON.parse(frame.data)));
    this.#socket.addEventListener('close', () => this.#closed());
  }

  /**
   * Sends an interaction (command, button press or autocomplete).
   * @param {object} payload without `as`
   * @param {File[]} files the parts `files[0]`, `files[1]`, ...
   * @returns {Promise<object|null>} the server's JSON answer, or null if there is none
   * @throws {Refused} with a sentence to show
   */
  async interact(payload, files = []) {
    const form = new FormData();
    form.append('payload_json', JSON.stringify({ as: this.name, ...payload }));
    files.forEach((file, index) => form.append(`files[${index}]`, file, file.name));
    let answer;
    try {
      answer = await fetch('/client/interactions', { method: 'POST', body: form });
    } catch {
      throw new Refused('The local Discord cannot be reached. Is it still running?');
    }
    if (answer.status === 204) return null;
    const body = answer.headers.get('content-type')?.startsWith('application/json') ? await answer.json() : null;
    if (!answer.ok) throw new Refused(body?.sentence ?? `The local Discord refused this (HTTP ${answer.status}).`);
    return body;
  }

  #opened() {
    this.#retryMs = FIRST_RETRY_MS;
    this.onConnection(true);
  }

  #closed() {
    this.onConnection(false);
    this.#timer = setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  #retryNow() {
    if (this.#socket?.readyState === WebSocket.CLOSED) this.connect();
  }
}

/** A number unique to this page's action, as long as a Discord nonce. */
export function newNonce() {
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  return `${Date.now()}${String(random % 1_000_000).padStart(6, '0')}`;
}
