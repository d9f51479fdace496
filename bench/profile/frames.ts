import { type CodeOrigin, originOf } from './code-origin.ts';

/** As `node --cpu-prof` writes it (Chrome DevTools Protocol, `Profiler.Profile`). */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Of each sample, in microseconds, since the one before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** A function with all that it called, from all places where its callers called it. */
export interface Frame extends CodeOrigin {
  readonly name: string;
  selfMicroseconds: number;
  /** With its children. */
  microseconds: number;
  readonly children: Map<string, Frame>;
}

const IDLE = '(idle)';

/** Stacks merged by function. The first half of the busy time is left out: the service starts then, and V8 optimizes. */
export function framesOf(profile: CpuProfile): Frame {
  const selfOf = selfMicroseconds(profile);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const root = newFrame('all', { origin: 'node', place: '' });

  /** Recursion is as deep as the stack was. */
  function add(id: number, into: Frame): number {
    const node = nodes.get(id);
    if (!node || node.callFrame.functionName === IDLE) return 0;
    const frame = childOf(into, node);
    const self = selfOf.get(id) ?? 0;
    const withChildren = (node.children ?? []).reduce((total, child) => total + add(child, frame), self);
    frame.selfMicroseconds += self;
    frame.microseconds += withChildren;
    return withChildren;
  }

  for (const id of profile.nodes[0]?.children ?? []) root.microseconds += add(id, root);
  return root;
}

function childOf(parent: Frame, { callFrame }: ProfileNode): Frame {
  const { functionName, url, lineNumber } = callFrame;
  const key = `${functionName} ${url}:${lineNumber}`;
  const frame =
    parent.children.get(key) ?? newFrame(functionName || '(anonymous)', originOf(url, lineNumber));
  parent.children.set(key, frame);
  return frame;
}

function newFrame(name: string, origin: CodeOrigin): Frame {
  return { name, ...origin, selfMicroseconds: 0, microseconds: 0, children: new Map() };
}

function selfMicroseconds({ nodes, samples, timeDeltas }: CpuProfile): Map<number, number> {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === IDLE).map(({ id }) => id));
  const busy = samples.flatMap((id, at) => (idle.has(id) ? [] : [{ id, microseconds: timeDeltas[at] ?? 0 }]));
  const half = busy.reduce((total, { microseconds }) => total + microseconds, 0) / 2;
  const selfOf = new Map<number, number>();
  let passed = 0;
  for (const { id, microseconds } of busy) {
    passed += microseconds;
    if (passed > half) selfOf.set(id, (selfOf.get(id) ?? 0) + microseconds);
  }
  return selfOf;
}
