// One clock for all that shows how long ago, or how long already: each second while somebody looks.
import { createSubscriber } from 'svelte/reactivity';

function ticking(millis: number): () => void {
  return createSubscriber((update) => {
    const timer = setInterval(() => document.hidden || update(), millis);
    const seen = (): void => {
      if (!document.hidden) update();
    };
    document.addEventListener('visibilitychange', seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  });
}

const seconds = ticking(1000);
const tens = ticking(10_000);
const minutes = ticking(60_000);

/** Now; what reads it is drawn again when `every` milliseconds have passed. */
export function now(every: number = 1000): number {
  if (every <= 1000) seconds();
  else if (every <= 10_000) tens();
  else minutes();
  return Date.now();
}
