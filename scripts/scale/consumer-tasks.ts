import type { MetricPoint } from './scaling-policy.ts';

/** What one message, or one request, takes. */
export interface Work {
  /** Of one whole vCPU. */
  readonly cpuSeconds: number;
  /** In which it waits for others: AWS, or what a handler calls. */
  readonly otherSeconds: number;
}

export interface TaskSize {
  readonly vcpus: number;
  /** Messages that a task works on at once. */
  readonly concurrency: number;
}

/** From the decision to a task that polls: Fargate places it, pulls its image and starts it. */
const START_SECONDS = 60;
const TICKS_A_SECOND = 10;
/** Of a vCPU: polls, probes and the runtime itself. */
const IDLE_VCPUS = 0.005;

interface Group {
  readonly arrivedAt: number;
  count: number;
}

/**
 * A service with a queue, or with requests that wait for their turn, tick by tick: messages wait for a slot, need CPU in the order in which they began, and then their other time. All tasks
 * share the messages evenly. A task that is stopped finishes what it works on.
 */
export interface ConsumerTasks {
  /** Lets a second pass. @returns the longest wait, in seconds, of the messages that began in it */
  pass(arrivals: number): number;
  /** Tasks above it start, and are there a minute later. */
  desired: number;
  readonly running: number;
  /** In seconds; 0 where nothing waits. */
  oldestWait(): number;
  /** What CloudWatch gets for the seconds since the last call: CPU on average, requests in all, all else as it is now. */
  measure(): MetricPoint;
}

export function createConsumerTasks(
  { vcpus, concurrency }: TaskSize,
  work: Work,
  tasks: number,
): ConsumerTasks {
  let second = 0;
  let tick = 0;
  let desired = tasks;
  let running = tasks;
  /** When each task that was started last runs. */
  let starting: number[] = [];
  const waiting: Group[] = [];
  let waitingCount = 0;
  let inFlight = 0;
  /** Of those in flight, the ones that need CPU yet. */
  let needCpu = 0;
  /** Of the first of them. */
  let cpuSpent = 0;
  /** By the tick in which they are done. */
  const endsAt = new Map<number, number>();
  let used = 0;
  let available = 0;
  let arrived = 0;

  /** @returns the longest wait of those that begin */
  function begin(): number {
    let longest = 0;
    let free = Math.max(0, running * concurrency - inFlight);
    for (let first = waiting[0]; first !== undefined && free > 0; first = waiting[0]) {
      const count = Math.min(first.count, free);
      longest = Math.max(longest, second - first.arrivedAt);
      first.count -= count;
      free -= count;
      waitingCount -= count;
      inFlight += count;
      needCpu += count;
      if (first.count === 0) waiting.shift();
    }
    return longest;
  }

  function compute(): void {
    const all = (running * vcpus) / TICKS_A_SECOND;
    const idle = (running * IDLE_VCPUS) / TICKS_A_SECOND;
    const wanted = needCpu * work.cpuSeconds - cpuSpent;
    const spent = Math.min(wanted, all - idle);
    used += idle + spent;
    available += all;
    cpuSpent += spent;
    const done = Math.min(needCpu, Math.floor(cpuSpent / work.cpuSeconds + 1e-9));
    cpuSpent = Math.max(0, cpuSpent - done * work.cpuSeconds);
    needCpu -= done;
    const end = tick + Math.max(1, Math.round(work.otherSeconds * TICKS_A_SECOND));
    if (done > 0) endsAt.set(end, (endsAt.get(end) ?? 0) + done);
  }

  function passTick(arrivals: number): number {
    tick += 1;
    inFlight -= endsAt.get(tick) ?? 0;
    endsAt.delete(tick);
    if (arrivals > 0) waiting.push({ arrivedAt: second, count: arrivals });
    waitingCount += arrivals;
    arrived += arrivals;
    const longest = begin();
    compute();
    return longest;
  }

  return {
    get desired() {
      return desired;
    },
    set desired(wanted) {
      if (wanted > desired)
        starting.push(...Array.from({ length: wanted - desired }, () => second + START_SECONDS));
      for (let surplus = desired - wanted; surplus > 0; surplus -= 1)
        if (starting.pop() === undefined) running -= 1;
      desired = wanted;
    },
    get running() {
      return running;
    },
    oldestWait: () => (waiting[0] === undefined ? 0 : second - waiting[0].arrivedAt),
    pass(arrivals) {
      second += 1;
      running += starting.filter((at) => at <= second).length;
      starting = starting.filter((at) => at > second);
      let longest = 0;
      for (let part = 0; part < TICKS_A_SECOND; part += 1) {
        const [from, to] = [part, part + 1].map((parts) => Math.floor((parts * arrivals) / TICKS_A_SECOND));
        longest = Math.max(longest, passTick((to ?? 0) - (from ?? 0)));
      }
      return longest;
    },
    measure() {
      const point: MetricPoint = {
        CPUUtilization: available === 0 ? undefined : (100 * used) / available,
        ApproximateNumberOfMessagesVisible: waitingCount,
        ApproximateNumberOfMessagesNotVisible: inFlight,
        RunningTaskCount: running,
        Count: arrived,
      };
      arrived = 0;
      used = 0;
      available = 0;
      return point;
    },
  };
}
