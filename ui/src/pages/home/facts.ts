// What the cards of the first page are given.
import type { FlowRow, Input, Pool, Run, TaskServer } from '../../api';
import type { DeadLetters, FailedFlow, Missed } from './attention';
import type { endings, HeldRun, homeData } from './home.svelte';

export interface Facts {
  failed: FailedFlow[];
  late: Run[];
  missed: Missed[];
  held: HeldRun[];
  dead: DeadLetters[];
  away: TaskServer[];
  trouble: Input[];
  waiting: Pool[];
  disabled: FlowRow[];
}

export type HomeData = ReturnType<typeof homeData>;
export type Endings = ReturnType<typeof endings>;
