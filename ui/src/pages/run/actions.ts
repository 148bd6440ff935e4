// What the parts of the page ask the page to do.
import { getContext, setContext } from 'svelte';

export interface Actions {
  cancel: () => void;
  /** From a task on, by its path; without it, what did not complete. */
  rerun: (from?: string) => void;
}

const KEY = Symbol('run actions');

export function setActions(actions: Actions): void {
  setContext(KEY, actions);
}

export function getActions(): Actions {
  return getContext<Actions>(KEY);
}
