// The text of /metrics, as Prometheus reads it.

export interface Metric {
  /** With its labels, as it stands there. */
  key: string;
  name: string;
  labels: Record<string, string>;
  value: number;
  help: string;
}

export function parseMetrics(text: string): Metric[] {
  const help = new Map<string, string>();
  const found: Metric[] = [];
  for (const line of text.split('\n')) {
    const [, about, words] = line.match(/^# HELP (\S+) (.*)$/) ?? [];
    if (about && words !== undefined) help.set(about, words);
    if (line === '' || line.startsWith('#')) continue;
    const [, name, labels = '', value] = line.match(/^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/) ?? [];
    if (!name || value === undefined) continue;
    const key = labels === '' ? name : `${name}{${labels}}`;
    found.push({ key, name, labels: labelsOf(labels), value: Number(value), help: help.get(name) ?? '' });
  }
  return found;
}

function labelsOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    if (name) found[name] = (value ?? '').replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
  }
  return found;
}
