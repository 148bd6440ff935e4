// Every page and its address. Only this file imports pages.
import type { Component } from 'svelte';
import { createRouter } from 'sv-router';
import { route } from '../parts/route.svelte';
import NotFound from './NotFound.svelte';
import PageFrame from './PageFrame.svelte';
import PageLost from './PageLost.svelte';

/** A page that cannot be fetched, as after an upgrade of the server. */
const lost = (): { default: Component } => ({ default: PageLost });

// The router tells a lazy page from a component by its text, `() => import(…)`: so each is written out.
const router = createRouter({
  layout: PageFrame,
  hooks: { afterLoad: arrived },
  '/': () => import('../pages/home/Page.svelte').catch(lost),
  '/flows': () => import('../pages/flows/Page.svelte').catch(lost),
  '/flows/:namespace/:flow': () => import('../pages/flow/Page.svelte').catch(lost),
  '/runs': () => import('../pages/runs/Page.svelte').catch(lost),
  '/runs/:run': () => import('../pages/run/Page.svelte').catch(lost),
  '/backfills': () => import('../pages/backfills/Page.svelte').catch(lost),
  '/backfills/:backfill': () => import('../pages/backfill/Page.svelte').catch(lost),
  '/events': () => import('../pages/events/Page.svelte').catch(lost),
  '/events/:event': () => import('../pages/event/Page.svelte').catch(lost),
  '/network': () => import('../pages/network/Page.svelte').catch(lost),
  '/network/:team/:server': () => import('../pages/server/Page.svelte').catch(lost),
  '/data': () => import('../pages/data/Page.svelte').catch(lost),
  '/notices': () => import('../pages/notices/Page.svelte').catch(lost),
  '/admin': () => import('../pages/admin/Page.svelte').catch(lost),
  '/admin/:part': () => import('../pages/admin/Page.svelte').catch(lost),
  '*notfound': NotFound,
});

/** What most people look at next. */
const NEXT = [
  () => import('../pages/runs/Page.svelte'),
  () => import('../pages/run/Page.svelte'),
  () => import('../pages/flow/Page.svelte'),
];
/** The first page comes before those that may follow. */
const NEXT_AFTER = 300;
let first = true;

function arrived(): void {
  route.arrived({ ...(router.route.params as Record<string, string>) });
  if (first) setTimeout(fetchAhead, NEXT_AFTER);
  first = false;
}

/** While there is nothing else to do: then they open at once. What fails is fetched again when it is wanted. */
function fetchAhead(): void {
  const idle = window.requestIdleCallback ?? ((run: () => void) => setTimeout(run));
  for (const page of NEXT) idle(() => void page().catch(() => undefined));
}

route.connect(async (address, { replace = false }) => {
  const url = new URL(address, location.origin);
  const go = router.navigate as (path: string, options: object) => Promise<unknown>;
  await go(url.pathname.replace(/^\/ui/, '') || '/', { replace, search: url.search, hash: url.hash });
});
