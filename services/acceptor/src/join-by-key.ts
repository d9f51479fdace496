interface Group<V, R> {
  readonly values: V[];
  readonly ended: PromiseWithResolvers<R>;
}

/**
 * One call at a time for each key. Values that come while a call for their key is under way wait, and go together with the next
 * one; they all share its result, or its error. Different keys do not wait for each other.
 * @param options.most how many values one call takes, 1 or more
 */
export function joinByKey<V, R>(options: {
  readonly most: number;
  readonly call: (key: string, values: readonly V[]) => Promise<R>;
}): (key: string, value: V) => Promise<R> {
  const { most, call } = options;
  /** The groups behind the call that is under way, by key. */
  const waiting = new Map<string, Group<V, R>[]>();

  async function runAll(key: string, groups: Group<V, R>[]): Promise<void> {
    for (let group = groups.shift(); group; group = groups.shift()) {
      await call(key, group.values).then(group.ended.resolve, group.ended.reject);
    }
    waiting.delete(key);
  }

  return (key, value) => {
    const groups = waiting.get(key);
    const last = groups?.at(-1);
    if (last && last.values.length < most) {
      last.values.push(value);
      return last.ended.promise;
    }
    const group = { values: [value], ended: Promise.withResolvers<R>() };
    if (groups) {
      groups.push(group);
    } else {
      const begun = [group];
      waiting.set(key, begun);
      void runAll(key, begun);
    }
    return group.ended.promise;
  };
}
