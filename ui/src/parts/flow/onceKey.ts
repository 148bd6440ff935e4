/** The Idempotency-Key of a write: what is sent again, since no answer came, is done once; other content is another wish. */
export class OnceKey {
  #sent = { text: '', key: '' };

  for(body: unknown): { 'Idempotency-Key': string } {
    const text = JSON.stringify(body);
    if (this.#sent.text !== text) {
      this.#sent = { text, key: [...crypto.getRandomValues(new Uint32Array(4))].join('-') };
    }
    return { 'Idempotency-Key': this.#sent.key };
  }

  /** It was done: the same once more is another one. */
  done(): void {
    this.#sent = { text: '', key: '' };
  }
}
