import process from 'node:process';

/**
 * A program by itself, the health check of the images: `node health-check.ts /livez`. Exit code 0 when the service in this
 * container responds to that path with success, otherwise 1 and one line that says why, which `docker inspect` keeps. The
 * caller ends it when it takes too long.
 */
const [path = '/livez'] = process.argv.slice(2);
const url = `http://127.0.0.1:${process.env.PORT || 8080}${path}`;
try {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`responded with ${response.status}: ${await response.text()}`);
} catch (error) {
  const { cause, message } = error as Error;
  process.stderr.write(`${url}: ${cause instanceof Error ? cause.message : message}\n`);
  process.exitCode = 1;
}
