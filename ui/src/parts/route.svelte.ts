// Where we are, for pages and parts. The router itself stands in app/routes.ts, which tells it here.
import { withQuery, type Query } from './address';

interface GoOptions {
  /** No new entry in the history. */
  replace?: boolean;
}

type Goer = (address: string, options: GoOptions) => Promise<void>;

class Route {
  #search = $state(location.search);
  #params = $state.raw<Record<string, string>>({});
  #path = $state(location.pathname);
  #go: Goer = async (address) => location.assign(address);
  readonly #query = $derived(new URLSearchParams(this.#search));

  /** The path, with /ui. */
  get path(): string {
    return this.#path;
  }

  /** The query parameters, as they stand in the address. */
  get query(): URLSearchParams {
    return this.#query;
  }

  /** A named part of the path, decoded: `route.param('run')`. Pages are made anew for each path. */
  param(name: string): string {
    return this.#params[name] ?? '';
  }

  /** Goes to an address of this app, as a click on a link would. */
  go(address: string, options: GoOptions = {}): Promise<void> {
    return this.#go(address, options);
  }

  /**
   * Changes query parameters and keeps the others; undefined, false and '' remove one. Filters replace the entry of
   * the history; what a person would go back from (a tab, a selected task) pushes one.
   */
  setQuery(change: Query, { push = false }: { push?: boolean } = {}): void {
    const now = Object.fromEntries(this.query);
    const address = withQuery(location.pathname, { ...now, ...change }) + location.hash;
    // The state is the router's, which counts entries in it.
    if (push) history.pushState(history.state, '', address);
    else history.replaceState(history.state, '', address);
    this.#search = location.search;
  }

  /** For app/routes.ts only. */
  connect(go: Goer): void {
    this.#go = go;
  }

  /** For app/routes.ts only: the router has arrived somewhere. */
  arrived(params: Record<string, string>): void {
    this.#params = params;
    this.#path = location.pathname;
    this.#search = location.search;
  }
}

export const route = new Route();

/** A query parameter as a value: `const tab = queryValue('tab', 'tasks')`, then `tab.value`, `tab.value = 'log'`. */
export function queryValue(name: string, fallback = '', options: { push?: boolean } = {}): { value: string } {
  return {
    get value() {
      return route.query.get(name) ?? fallback;
    },
    set value(value: string) {
      route.setQuery({ [name]: value === fallback ? undefined : value }, options);
    },
  };
}

/** The same for a yes or no: `?name=1`. */
export function queryFlag(name: string, options: { push?: boolean } = {}): { value: boolean } {
  return {
    get value() {
      return route.query.get(name) === '1';
    },
    set value(value: boolean) {
      route.setQuery({ [name]: value ? '1' : undefined }, options);
    },
  };
}
