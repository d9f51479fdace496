import { CopyObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { type AwsService, startMeter } from '../metered/meter.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import { arrivals } from './arrivals.ts';
import {
  ACCEPTOR,
  ALONE,
  BESIDE_LARGE,
  COPY_OBJECT,
  copyRows,
  type LargeResults,
  type LeadTimes,
  leadTimesOf,
  smallRows,
} from './report.ts';
import { type Stage, startStage } from './stage.ts';

/**
 * How long the acceptor needs for large files, from S3's storing to ACCEPTED, against one CopyObject; and what small uploads notice of
 * them. S3 is a stub that moves no bytes and responds when a connection would have copied them.
 */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 3, 3);
/** Of S3 on one connection. */
const BYTES_PER_SECOND = 100_000_000;
const GIB = 1024 ** 3;
const SIZES_GIB = [1, 5] as const;
const SMALL_BYTES = 4_096;
const SMALL_PER_SECOND = 10;
const SMALL_SECONDS = 4;
/** Of 5 GiB each, beside the small ones. */
const LARGE_AT_ONCE = 4;

const machine = machineLine(new Date());
const stage = await startStage(BYTES_PER_SECOND);
try {
  await stage.startAcceptor();
  await smallOnes(stage);
  // A CopyObject of 5 GiB takes a minute of waiting and no work, so that all of them run beside the rest.
  const copyObjects = SIZES_GIB.map((gib) => copyObjectSeconds(stage, gib));
  const acceptors = await acceptorSeconds(stage);
  const small = await smallBesideLarge(stage);
  const baselines = await Promise.all(copyObjects);
  const rounds = (seconds: readonly number[] = []) => seconds.map((one) => ({ seconds: one }));
  const copies = SIZES_GIB.map((gib, at) => ({
    gib,
    results: [
      { name: COPY_OBJECT, rounds: rounds(baselines[at]) },
      { name: ACCEPTOR, rounds: rounds(acceptors[at]) },
    ],
  }));
  const results: LargeResults = { machine, copies, smallPerSecond: SMALL_PER_SECOND, small };
  process.stdout.write(
    `${machine}\n\n${textTable(copyRows(results))}\n\n${textTable(smallRows(results))}\n\n` +
      `  S3 copies ${BYTES_PER_SECOND / 1e6} MB/s on a connection. ${SMALL_PER_SECOND} small uploads a second, alone and beside ${LARGE_AT_ONCE} of 5 GiB.\n`,
  );
  await writeResults('large', results);
} finally {
  await stage.stop();
}

async function copyObjectSeconds(
  { awsEndpoints, s3, bucket, ...facts }: Stage,
  gib: number,
): Promise<number[]> {
  const meter = await startMeter(awsEndpoints satisfies Record<AwsService, string>);
  const client = new S3Client({
    region: facts.region,
    credentials: facts.credentials,
    endpoint: meter.env['AWS_ENDPOINT_URL_S3'] ?? '',
    forcePathStyle: true,
  });
  const copy = async (_: unknown, round: number) => {
    const key = `uploads/baseline-${gib}-${round}`;
    const { versionId } = s3.store(key, gib * GIB);
    const startedAtMs = performance.now();
    const CopySource = `${bucket}/${key}?versionId=${versionId}`;
    await client.send(new CopyObjectCommand({ Bucket: bucket, Key: `copy-of/${key}`, CopySource }));
    return (performance.now() - startedAtMs) / 1_000;
  };
  const seconds = await Promise.all(Array.from({ length: ROUNDS }, copy));
  client.destroy();
  meter.stop();
  return seconds;
}

/** By size, one upload after the other. */
async function acceptorSeconds(stage: Stage): Promise<number[][]> {
  const seconds: number[][] = SIZES_GIB.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, gib] of SIZES_GIB.entries()) {
      const [key = ''] = await stage.issue(1);
      seconds[at]?.push((await stage.leadTimeMs(key, gib * GIB)) / 1_000);
    }
  }
  return seconds;
}

async function smallOnes(stage: Stage): Promise<LeadTimes> {
  const keys = await stage.issue(SMALL_PER_SECOND * SMALL_SECONDS);
  const leadTime = () => stage.leadTimeMs(keys.pop() ?? '', SMALL_BYTES);
  return leadTimesOf(await arrivals(SMALL_PER_SECOND, SMALL_SECONDS, leadTime));
}

async function smallBesideLarge(stage: Stage): Promise<LargeResults['small']> {
  const alone: LeadTimes[] = [];
  const besideLarge: LeadTimes[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    alone.push(await smallOnes(stage));
    const keys = await stage.issue(LARGE_AT_ONCE);
    let isLargeDone = false;
    const large = Promise.all(keys.map((key) => stage.leadTimeMs(key, 5 * GIB))).then(() => {
      isLargeDone = true;
    });
    besideLarge.push(await smallOnes(stage));
    if (isLargeDone) throw new Error('the large copies ended before the small uploads');
    await large;
  }
  return [
    { name: ALONE, rounds: alone },
    { name: BESIDE_LARGE, rounds: besideLarge },
  ];
}
