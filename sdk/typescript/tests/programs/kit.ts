/** The tasks of the conformance kit, as a user of the package would write them. All settings are in the environment. */
import { appendFile } from 'node:fs/promises';
import { s, TaskError, TaskServer } from '../../src/index.ts';

const server = new TaskServer({ contacts: ['kit@example.com'] });

server.task(
  { id: 'echo', description: 'Returns its inputs.', overlap: 'allow', inputs: { value: s.any() } },
  (_ctx, { value }) => ({ value }),
);

server.task(
  { id: 'sleep', description: 'Returns after a while.', overlap: 'allow', inputs: { seconds: s.number() } },
  async (ctx, { seconds }) => ctx.sleep(seconds),
);

server.task({ id: 'fail', description: 'Fails.', overlap: 'allow', inputs: {} }, () => {
  throw new TaskError('FAILED', 'it was told to');
});

server.task(
  {
    id: 'count',
    description: 'Leaves a line for each time that it ran.',
    overlap: 'allow',
    inputs: { file: s.string() },
  },
  async (ctx, { file }) => appendFile(file, `${ctx.attempt}\n`),
);

await server.run();
