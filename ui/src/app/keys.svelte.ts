// Keys of the shell and of pages: Ctrl-K, ?, g and a letter, and what pages add.
import { page } from '../parts/page.svelte';
import { route } from '../parts/route.svelte';
import { overlay } from './overlay.svelte';
import { places } from './places';

const PAUSE = 1200;

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export class Keys {
  #first = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  heard = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      overlay.shown = overlay.shown === 'palette' ? undefined : 'palette';
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    const run = this.#meaning(event.key);
    if (!run) return;
    event.preventDefault();
    run();
  };

  #meaning(key: string): (() => void) | undefined {
    const keys = this.#first === '' ? key : `${this.#first} ${key}`;
    this.#forget();
    if (keys === '?') return () => (overlay.shown = 'help');
    const own = page.shortcuts.find((shortcut) => shortcut.keys === keys);
    if (own) return own.run;
    const place = places.find((candidate) => keys === `g ${candidate.key}`);
    if (place) return () => void route.go(place.href);
    if (this.#begins(keys)) this.#remember(keys);
    return undefined;
  }

  #begins(keys: string): boolean {
    return keys === 'g' || page.shortcuts.some((shortcut) => shortcut.keys.startsWith(`${keys} `));
  }

  #remember(keys: string): void {
    this.#first = keys;
    this.#timer = setTimeout(() => this.#forget(), PAUSE);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#first = '';
  }
}
