export interface Turns<Owner> {
  add(owner: Owner, task: () => void): void;
  /** Forgets the tasks of an owner. */
  drop(owner: Owner): void;
}

export interface TurnOptions<Owner> {
  /** By default 1. */
  readonly tasksInATurn?: number;
  /** Which of those that wait is next. By default the one that waits longest. */
  readonly next?: (waiting: Iterable<Owner>) => Owner;
}

/** Runs so many tasks in each turn of the event loop: the first that waits of each owner, one owner after the other. */
export function createTurns<Owner>(options: TurnOptions<Owner> = {}): Turns<Owner> {
  const { tasksInATurn = 1, next = ([longest]) => longest as Owner } = options;
  const waiting = new Map<Owner, (() => void)[]>();
  let isBegun = false;

  function begin(): void {
    if (isBegun || waiting.size === 0) return;
    isBegun = true;
    setImmediate(runTurn);
  }

  function runTurn(): void {
    isBegun = false;
    for (let count = 0; count < tasksInATurn; count += 1) runNext();
  }

  function runNext(): void {
    if (waiting.size === 0) return;
    const owner = next(waiting.keys());
    const [task, ...others] = waiting.get(owner) ?? [];
    waiting.delete(owner);
    if (others.length > 0) waiting.set(owner, others);
    begin();
    task?.();
  }

  return {
    add(owner, task) {
      const tasks = waiting.get(owner);
      if (tasks) tasks.push(task);
      else waiting.set(owner, [task]);
      begin();
    },
    drop: (owner) => void waiting.delete(owner),
  };
}
