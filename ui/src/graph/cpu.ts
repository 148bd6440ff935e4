/** For tests: what something costs in CPU time, which other work of the machine changes little. */
export function cpuMillis(work: () => void): number {
  // Of this thread alone where Node tells it.
  const usage = (): NodeJS.CpuUsage =>
    typeof process.threadCpuUsage === 'function' ? process.threadCpuUsage() : process.cpuUsage();
  const begin = usage();
  work();
  const end = usage();
  return (end.user - begin.user + end.system - begin.system) / 1000;
}
