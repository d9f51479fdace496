import { createInterface } from 'node:readline/promises';

/** Asks at the terminal. The end of the input is a no. */
export async function isConfirmed(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const atEnd = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([terminal.question('Go on? Only "yes" is taken: '), atEnd]);
  terminal.close();
  return answer.trim() === 'yes';
}
