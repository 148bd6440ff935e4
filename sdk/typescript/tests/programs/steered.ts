/** Tasks that a test steers by files. All settings are in the environment. */
import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { s, TaskServer } from '../../src/index.ts';

const server = new TaskServer({ contacts: ['orders@example.com'], slots: 8 });

server.task(
  {
    id: 'gated',
    description: 'Runs until its gate is there.',
    retry: { attempts: 3, delay: '10ms' },
    overlap: 'allow',
    inputs: { folder: s.string(), name: s.string() },
    output: s.string(),
  },
  async (ctx, { folder, name }) => {
    await appendFile(`${folder}/${name}.begun`, `${ctx.attempt}\n`);
    while (!existsSync(`${folder}/${name}.gate`)) await ctx.sleep('10ms');
    await appendFile(`${folder}/${name}.ended`, `${ctx.attempt}\n`);
    return name;
  },
);

server.task(
  { id: 'square', description: 'Squares.', overlap: 'allow', inputs: { number: s.integer() }, output: s.integer() },
  (ctx, { number }) => {
    ctx.log(`squaring ${number}`);
    return number * number;
  },
);

await server.run();
