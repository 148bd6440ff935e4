// The places of the side navigation, and of the palette.
import type { Component } from 'svelte';
import Play from '@lucide/svelte/icons/play';
import Bell from '@lucide/svelte/icons/bell';
import Database from '@lucide/svelte/icons/database';
import House from '@lucide/svelte/icons/house';
import Inbox from '@lucide/svelte/icons/inbox';
import Network from '@lucide/svelte/icons/network';
import Rewind from '@lucide/svelte/icons/rewind';
import Shield from '@lucide/svelte/icons/shield';
import Workflow from '@lucide/svelte/icons/workflow';
import {
  toAdmin,
  toBackfills,
  toData,
  toEvents,
  toFlows,
  toHome,
  toNetwork,
  toNotices,
  toRuns,
} from '../parts/address';

export interface Place {
  label: string;
  href: string;
  /** After `g`. */
  key: string;
  icon: Component;
}

export const places: Place[] = [
  { label: 'Home', href: toHome(), key: 'h', icon: House },
  { label: 'Flows', href: toFlows(), key: 'f', icon: Workflow },
  { label: 'Runs', href: toRuns(), key: 'r', icon: Play },
  { label: 'Backfills', href: toBackfills(), key: 'b', icon: Rewind },
  { label: 'Events', href: toEvents(), key: 'e', icon: Inbox },
  { label: 'Notices', href: toNotices(), key: 'o', icon: Bell },
  { label: 'Network', href: toNetwork(), key: 'n', icon: Network },
  { label: 'Data', href: toData(), key: 'd', icon: Database },
  { label: 'Admin', href: toAdmin(), key: 'a', icon: Shield },
];

export function isAt(place: Place, path: string): boolean {
  if (place.href === toHome()) return path === '/ui' || path === '/ui/';
  return path === place.href || path.startsWith(`${place.href}/`);
}
