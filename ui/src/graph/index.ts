export { modelOfFlow, type Canonical, type CanonicalTask } from './canonical';
export { StateFeed, type NodeState } from './live';
export type { GraphEdge, GraphGroup, GraphModel, GraphNode, Noun } from './model';
export { RunGraph, stateOfRow, type HoldRow, type TaskRow, type TaskUpdate } from './run';
export type { Direction, StateSource } from './scene.svelte';
export { default as Topology } from './Topology.svelte';
