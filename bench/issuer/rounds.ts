import { wholeNumber } from '../settings.ts';
import type { Ask } from './ask.ts';
import { closedLoad } from './closed-load.ts';
import type { IssuerResults } from './report.ts';
import type { Issuer } from './stage.ts';

export const ROUNDS = wholeNumber(process.env, 'ROUNDS', 3, 1_000);
export const SECONDS = wholeNumber(process.env, 'SECONDS', 5, 60);
/** By default as long as V8 goes on optimizing. */
export const WARM_UP_SECONDS = wholeNumber(process.env, 'WARM_UP_SECONDS', 8, 60);

export interface Contender {
  readonly issuer: Issuer;
  readonly ask: Ask;
}

/** Warms each up, then loads one after the other, in each round. */
export async function runRounds(contenders: readonly Contender[]): Promise<IssuerResults['results']> {
  return roundsOf(contenders, ({ issuer, ask }) => closedLoad(issuer, ask, SECONDS));
}

/** @param measure of one contender in one round */
export async function roundsOf<Figure extends string>(
  contenders: readonly Contender[],
  measure: (contender: Contender) => Promise<Record<Figure, number>>,
): Promise<{ readonly name: string; readonly rounds: Record<Figure, number>[] }[]> {
  for (const { issuer, ask } of contenders) await closedLoad(issuer, ask, WARM_UP_SECONDS);
  const results = contenders.map(({ ask: { name } }) => ({ name, rounds: [] as Record<Figure, number>[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, contender] of contenders.entries()) {
      results[at]?.rounds.push(await measure(contender));
    }
  }
  return results;
}
