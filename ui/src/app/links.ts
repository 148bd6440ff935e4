// Clicks on links that are the browser's own: sv-router would take every link of this origin.
export function isBrowsers(event: MouseEvent, anchor: HTMLAnchorElement): boolean {
  if (event.defaultPrevented || event.button !== 0) return true;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return true;
  return !/^\/ui(\/|$)/.test(new URL(anchor.href, location.origin).pathname);
}

/** Heard at the document, just before the router's listener at the window. */
export function leaveToBrowser(event: MouseEvent): void {
  const anchor = (event.target as Element | null)?.closest?.('a[href]');
  if (anchor instanceof HTMLAnchorElement && isBrowsers(event, anchor)) event.stopPropagation();
}
