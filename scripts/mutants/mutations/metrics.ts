import type { Mutation } from '../mutation.ts';

const CREATE = 'packages/runtime/src/create-metrics.ts';
const CREATE_TEST = 'packages/runtime/test/create-metrics.test.ts';

/** What is counted, and gathered until a line is written. */
export const metricMutations: readonly Mutation[] = [
  {
    id: 'gathered-unwritten',
    change: 'a process exits before the metrics that it gathered are written',
    breaks: 'P4: each deployment loses a second of what services count',
    file: 'packages/runtime/src/lifecycle.ts',
    find: '    endMetrics();\n',
    replace: '',
    noticedBy: {
      file: 'packages/runtime/test/lifecycle.test.ts',
      test: 'the metrics that were gathered are written before the end',
    },
  },
  {
    id: 'array-too-long',
    change: 'a line has more values of a metric than CloudWatch takes',
    breaks: 'P4: under load nothing is counted at all',
    file: CREATE,
    find: '?.length === MAX_VALUES)',
    replace: '?.length === 2 * MAX_VALUES)',
    noticedBy: {
      file: CREATE_TEST,
      test: 'an array has 100 values at most: the line with the hundredth does not wait',
    },
  },
  {
    id: 'alarm-gathered',
    change: 'duplicates wait for a line with others',
    breaks: 'P4: a crash loses the count of a duplicate that is marked as reported',
    file: 'packages/runtime/src/metrics.ts',
    find: "  DuplicateUploads: {\n    kind: 'counter',\n    unit: 'Count',\n    writtenBy: ['acceptor'],\n    isOfEachUpload: false,\n    dimensions: [],\n    isGathered: false,",
    replace:
      "  DuplicateUploads: {\n    kind: 'counter',\n    unit: 'Count',\n    writtenBy: ['acceptor'],\n    isOfEachUpload: false,\n    dimensions: [],\n    isGathered: true,",
    noticedBy: {
      file: 'scripts/test/metrics-in-terraform.test.ts',
      test: 'a metric whose values may be lost in a crash has no alarm, but on a percentile',
    },
  },
];
