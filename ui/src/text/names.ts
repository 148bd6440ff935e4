// Names of flows: `ns/id` in full, `_` in addresses where there is no namespace.

/** A namespace as it stands in an address. */
export function inPath(namespace: string): string {
  return namespace === '' ? '_' : namespace;
}

/** A namespace as the API says it, from an address. */
export function fromPath(namespace: string): string {
  return namespace === '_' ? '' : namespace;
}

/** `ns/id`, or `id` alone. */
export function fullName(namespace: string, flow: string): string {
  return namespace === '' ? flow : `${namespace}/${flow}`;
}

/** The parts of a full name. */
export function splitName(name: string): { namespace: string; flow: string } {
  const slash = name.lastIndexOf('/');
  return { namespace: slash < 0 ? '' : name.slice(0, slash), flow: name.slice(slash + 1) };
}
