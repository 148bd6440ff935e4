// A test of a flow to begin with: each task that does something to the world has a fixture.
import { tasksOf, type FlowForm } from './form';

/** Tasks that a test runs for real. */
const REAL = new Set([
  'log',
  'fail',
  'switch',
  'foreach',
  'load',
  'check',
  'standardize',
  'secure',
  'merge',
  'transform',
]);
/** So many fixtures are written out. */
const MOST = 12;

function inputLine(form: FlowForm): string[] {
  const wanted = (form.inputs ?? []).filter((input) => input.default === undefined && input.required !== false);
  if (wanted.length === 0) return [];
  return ['    inputs:', ...wanted.map((input) => `      ${input.id}: # ${input.type ?? 'string'}`)];
}

function fixtures(form: FlowForm): string[] {
  const tasks = tasksOf({ ...form, errors: [] }).filter(({ task }) => !REAL.has(task.type));
  if (tasks.length === 0) return [];
  const lines = tasks
    .slice(0, MOST)
    .map(({ path, task }) => `      ${path}: ${task.type === 'pause' ? '{approve: {by: ann}}' : '{outputs: {}}'}`);
  return ['    fixtures:', ...lines, ...(tasks.length > MOST ? [`      # and ${tasks.length - MOST} more`] : [])];
}

export function sampleTest(form: FlowForm, fileName: string): string {
  const first = form.tasks?.[0]?.id ?? 'task';
  return [
    `flow: ${fileName}`,
    'tests:',
    '  - id: ends-well',
    '    description: What it does on a usual day.',
    ...inputLine(form),
    ...fixtures(form),
    '    expect:',
    '      state: completed',
    `      tasks: {${first}: completed}`,
    '',
  ].join('\n');
}
