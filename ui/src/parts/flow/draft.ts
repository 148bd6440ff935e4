// Texts that somebody has begun to change: kept until the tab of the browser is closed.
const PREFIX = 'cordyna.draft.';

export function draftOf(key: string): string | undefined {
  try {
    return sessionStorage.getItem(PREFIX + key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Undefined forgets it. */
export function keepDraft(key: string, text: string | undefined): void {
  try {
    if (text === undefined) sessionStorage.removeItem(PREFIX + key);
    else sessionStorage.setItem(PREFIX + key, text);
  } catch {
    // Where nothing may be kept, it is lost with the page.
  }
}
