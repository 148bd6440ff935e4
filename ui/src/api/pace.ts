// Asking again because something changed: at most ten calls a second in all, each in its turn.
const GAP = 100;

const queue = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let lastAt = 0;

function next(): void {
  timer = undefined;
  const [call] = queue;
  if (!call) return;
  queue.delete(call);
  lastAt = Date.now();
  call();
  plan();
}

function plan(): void {
  if (timer !== undefined || queue.size === 0) return;
  timer = setTimeout(next, Math.max(0, lastAt + GAP - Date.now()));
}

/** Calls `call` soon; while it waits, asking for it again changes nothing. Returns how to forget it. */
export function soon(call: () => void): () => void {
  queue.add(call);
  plan();
  return () => queue.delete(call);
}
