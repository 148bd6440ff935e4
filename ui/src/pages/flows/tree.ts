// Namespaces as a tree: dotted names nest.

export interface NamespaceNode {
  /** In full: "finance.ledger". */
  name: string;
  /** Its last part. */
  label: string;
  /** Flows in it, and in all below. */
  total: number;
  children: NamespaceNode[];
}

/** `rows`: one for each flow. Of no namespace there is no node. */
export function namespaceTree(rows: readonly { namespace: string }[]): NamespaceNode[] {
  const roots: NamespaceNode[] = [];
  const known = new Map<string, NamespaceNode>();
  const nodeOf = (name: string): NamespaceNode => {
    const found = known.get(name);
    if (found) return found;
    const dot = name.lastIndexOf('.');
    const made: NamespaceNode = { name, label: name.slice(dot + 1), total: 0, children: [] };
    known.set(name, made);
    (dot < 0 ? roots : nodeOf(name.slice(0, dot)).children).push(made);
    return made;
  };
  for (const { namespace } of rows) {
    if (namespace === '') continue;
    for (let name = namespace; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
      nodeOf(name).total += 1;
    }
  }
  const sort = (nodes: NamespaceNode[]): void => {
    nodes.sort((one, other) => (one.label < other.label ? -1 : 1));
    for (const node of nodes) sort(node.children);
  };
  sort(roots);
  return roots;
}

/** Whether a flow of `namespace` is in the chosen one, or below; '_' is that of flows without one. */
export function isIn(chosen: string, namespace: string): boolean {
  if (chosen === '') return true;
  if (chosen === '_') return namespace === '';
  return namespace === chosen || namespace.startsWith(`${chosen}.`);
}

/** All nodes in the order in which they are drawn, for a select. */
export function flat(nodes: NamespaceNode[], depth = 0): { node: NamespaceNode; depth: number }[] {
  return nodes.flatMap((node) => [{ node, depth }, ...flat(node.children, depth + 1)]);
}
