// Numbers, times and names as people read them.

const UNITS = ['bytes', 'KB', 'MB', 'GB'];

/** A size in bytes as '812 bytes', '4.2 KB', '1.1 MB'. */
export function fileSize(bytes) {
  let value = Number(bytes) || 0;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Seconds as '0:07' or '12:30'; unknown lengths as '–:––'. */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return '–:––';
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** An ISO time as 'Today at 13:04', 'Yesterday at 9:30', or with its date. */
export function when(iso, now = new Date()) {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  const hour = time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.ceil((midnight - time) / 86_400_000);
  if (days <= 0) return `Today at ${hour}`;
  if (days === 1) return `Yesterday at ${hour}`;
  return `${time.toLocaleDateString()} ${hour}`;
}

/** A name without control characters and without the marks that turn the writing direction (such as U+202E). */
export function plainName(name) {
  return String(name ?? '').replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
}

/** The display name of a user, else the user name. */
export function displayName(user) {
  return plainName(user?.global_name || user?.username || 'someone');
}

/** 'a', 'a and b', 'a, b and c'. */
export function listing(words) {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
