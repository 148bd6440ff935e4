// The map: teams, their servers, their tasks, and what needs what.
import type { TaskServer } from '../../api';
import type { GraphEdge, GraphGroup, GraphModel, GraphNode } from '../../graph';
import type { NetworkFlow } from '../../parts/network/network.svelte';
import { serverName } from '../../parts/network/needs';
import { counted } from '../../text/numbers';

export const flowId = (flow: string): string => `flow:${flow}`;
export const serverId = (server: string): string => `server:${server}`;

export interface Picked {
  type: 'flow' | 'server';
  name: string;
}

/** What an id of the map stands for. */
export function pickedOf(id: string): Picked | undefined {
  const [, type, name] = id.match(/^(flow|server):(.+)$/) ?? [];
  return type && name ? { type: type as Picked['type'], name } : undefined;
}

interface Shown {
  servers: readonly TaskServer[];
  flows: ReadonlyMap<string, NetworkFlow>;
  busy: ReadonlyMap<string, number>;
  /** Only this team, with what its tasks need and who needs them. */
  team: string;
}

/** Flows of task servers, and those others that one of them needs, or that need one. */
function shownFlows({ flows, team }: Shown): Set<string> {
  const found = new Set<string>();
  const isOurs = (name: string): boolean => {
    const flow = flows.get(name);
    return flow?.server !== undefined && (team === '' || flow.row.namespace === team);
  };
  for (const [name, { needs }] of flows) {
    if (isOurs(name)) {
      found.add(name);
      for (const need of needs) found.add(need.flow);
    } else if (needs.some((need) => isOurs(need.flow))) {
      found.add(name);
    }
  }
  return found;
}

export function modelOf(shown: Shown): GraphModel {
  const { servers, flows, busy, team } = shown;
  const nodes: GraphNode[] = [];
  const groups = new Map<string, GraphGroup>();
  const states = new Map<string, string>();
  const names = shownFlows(shown);
  const teamGroup = (name: string): string => {
    const id = name || '_';
    if (!groups.has(id)) groups.set(id, { id, label: id, kind: 'team', parent: null, noun: ['task', 'tasks'] });
    return id;
  };
  const needed = new Set([...names].flatMap((name) => flows.get(name)?.server ?? []));
  for (const server of servers) {
    const name = serverName(server);
    if (team !== '' && server.team !== team && !needed.has(name)) continue;
    states.set(name, server.state);
    groups.set(name, {
      id: name,
      label: server.server,
      kind: 'task server',
      parent: teamGroup(server.team),
      head: serverId(name),
    });
    nodes.push({
      id: serverId(name),
      label: server.server,
      kind: 'task server',
      state: server.state,
      group: server.team,
    });
  }
  for (const name of names) {
    const flow = flows.get(name);
    const namespace = flow?.row.namespace ?? name.slice(0, Math.max(0, name.lastIndexOf('/')));
    const state = flow?.server === undefined ? undefined : (states.get(flow.server) ?? 'gone');
    const going = busy.get(name);
    nodes.push({
      id: flowId(name),
      label: flow?.row.id ?? name.slice(name.lastIndexOf('/') + 1),
      kind: flow?.server === undefined ? 'flow' : 'task',
      group: flow?.server !== undefined && groups.has(flow.server) ? flow.server : teamGroup(namespace),
      ...(going ? { state: 'running', detail: counted(going, 'attempt') } : state && { state }),
    });
  }
  return { nodes, edges: edgesOf(names, flows), groups: [...groups.values()], noun: ['task', 'tasks'] };
}

function edgesOf(names: ReadonlySet<string>, flows: ReadonlyMap<string, NetworkFlow>): GraphEdge[] {
  return [...names].flatMap((name) =>
    (flows.get(name)?.needs ?? [])
      .filter((need) => names.has(need.flow))
      .map((need) => ({ from: flowId(need.flow), to: flowId(name), kind: need.optional ? 'order' : 'need' })),
  );
}
