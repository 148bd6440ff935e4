// The addresses of pages. Links are plain `<a href={toRun(7)}>`; the router takes the click.
import { inPath, splitName } from '../text/names';

export type Query = Record<string, string | number | boolean | undefined | null>;

/** `path` with a query; what is undefined, null, false or empty is left out. */
export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === false || value === '') continue;
    search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

const part = encodeURIComponent;

export const toHome = (): string => '/ui/';
export const toFlows = (query?: Query): string => withQuery('/ui/flows', query);
export const toFlow = (namespace: string, flow: string, query?: Query): string =>
  withQuery(`/ui/flows/${part(inPath(namespace))}/${part(flow)}`, query);
export const toRuns = (query?: Query): string => withQuery('/ui/runs', query);
export const toRun = (run: number | string, query?: Query): string => withQuery(`/ui/runs/${run}`, query);
export const toBackfills = (query?: Query): string => withQuery('/ui/backfills', query);
export const toBackfill = (backfill: number, query?: Query): string => withQuery(`/ui/backfills/${backfill}`, query);
export const toEvents = (query?: Query): string => withQuery('/ui/events', query);
export const toEvent = (event: number, query?: Query): string => withQuery(`/ui/events/${event}`, query);
export const toNetwork = (query?: Query): string => withQuery('/ui/network', query);
export const toServer = (team: string, server: string, query?: Query): string =>
  withQuery(`/ui/network/${part(inPath(team))}/${part(server)}`, query);
export const toData = (query?: Query): string => withQuery('/ui/data', query);
export const toNotices = (query?: Query): string => withQuery('/ui/notices', query);
export const toAdmin = (page?: string, query?: Query): string =>
  withQuery(page ? `/ui/admin/${part(page)}` : '/ui/admin', query);

/** The page of a flow by its full name, `ns/id` or `id`. */
export function toFlowNamed(name: string, query?: Query): string {
  const { namespace, flow } = splitName(name);
  return toFlow(namespace, flow, query);
}
