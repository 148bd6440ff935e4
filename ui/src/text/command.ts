// Commands for a terminal that do what a page does.

/** A word as a POSIX shell takes it. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** `dyna` with its words: undefined, false and '' are left out. */
export function dynaCommand(...words: (string | number | false | undefined)[]): string {
  const said = words.filter((word) => word !== undefined && word !== false && word !== '');
  return ['dyna', ...said.map((word) => shellWord(String(word)))].join(' ');
}

/** A call of the API for curl, with a token from the environment: the cookie is not told. */
export function curlOf(origin: string, call: { path: string; method?: string; body?: unknown }): string {
  const words = ['curl', '-fsS'];
  if (call.method && call.method !== 'GET') words.push('-X', call.method);
  words.push('-H', '"Authorization: Bearer $DYNA_TOKEN"');
  if (call.body !== undefined) {
    words.push('-H', "'Content-Type: application/json'", '-d', shellWord(JSON.stringify(call.body)));
  }
  words.push(shellWord(origin + call.path));
  return words.join(' ');
}
