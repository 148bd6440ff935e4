// What a page tells the shell: its title, actions for the command palette, keys.
import { untrack, type Component } from 'svelte';

export interface Action {
  /** Unique: `run.cancel`. */
  id: string;
  /** As in a menu: "Cancel run 7". */
  label: string;
  run: () => void;
  /** More words by which it is found. */
  words?: string;
  icon?: Component;
}

export interface Shortcut {
  /** One key as in KeyboardEvent.key ('r', '/', '?'), or two pressed one after the other ('g r'). */
  keys: string;
  label: string;
  run: () => void;
}

class PageState {
  title = $state('');
  actions = $state.raw<Action[]>([]);
  shortcuts = $state.raw<Shortcut[]>([]);
}

export const page = new PageState();

/** In a component: the title of the page while it is shown. */
export function pageTitle(title: () => string): void {
  $effect(() => {
    page.title = title();
  });
}

/** In a component: actions for the palette while it is shown. */
export function pageActions(actions: () => Action[]): void {
  $effect(() => {
    const mine = actions();
    page.actions = [...untrack(() => page.actions), ...mine];
    return () => {
      page.actions = page.actions.filter((action) => !mine.includes(action));
    };
  });
}

/** In a component: keys while it is shown. They are not heard in fields, nor with Ctrl, Alt or Meta. */
export function shortcuts(list: () => Shortcut[]): void {
  $effect(() => {
    const mine = list();
    page.shortcuts = [...untrack(() => page.shortcuts), ...mine];
    return () => {
      page.shortcuts = page.shortcuts.filter((shortcut) => !mine.includes(shortcut));
    };
  });
}
