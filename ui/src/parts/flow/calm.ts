/** Calls `work` soon after it was asked for, and no more often than each `gap` milliseconds. */
export function calmly(work: () => void, gap: number): { call: () => void; end: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAt = -Infinity;
  return {
    call: () => {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          lastAt = Date.now();
          work();
        },
        Math.max(0, lastAt + gap - Date.now()),
      );
    },
    end: () => clearTimeout(timer),
  };
}
