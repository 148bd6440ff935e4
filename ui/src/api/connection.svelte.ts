// Whether the server can be reached. While it cannot, it is asked by itself until it answers again.
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 10_000;

function isThere(): Promise<boolean> {
  return fetch('/readyz', { cache: 'no-store' }).then(
    (response) => response.ok,
    () => false,
  );
}

class Connection {
  /** False: the last call found nobody, or a server that cannot answer at the moment. */
  ok = $state(true);
  #back = new Set<() => void>();
  // Apart from `ok`, so that a call made in an effect does not depend on it.
  #lost = false;

  lost(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.ok = false;
    this.#probeIn(FIRST_WAIT);
  }

  /** Looks whether the server is there, as when a stream breaks off. */
  async check(): Promise<void> {
    if (!this.#lost && !(await isThere())) this.lost();
  }

  /** Calls `listener` each time the server is there again; returns how to end that. */
  onBack(listener: () => void): () => void {
    this.#back.add(listener);
    return () => this.#back.delete(listener);
  }

  #probeIn(wait: number): void {
    setTimeout(() => void this.#probe(wait), wait);
  }

  async #probe(wait: number): Promise<void> {
    const there = await isThere();
    if (!there) return this.#probeIn(Math.min(wait * 1.5, LONGEST_WAIT));
    this.#lost = false;
    this.ok = true;
    for (const listener of [...this.#back]) listener();
  }
}

export const connection = new Connection();
