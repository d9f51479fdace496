import { ConfigError } from './config.ts';

/** The variable of the port that was asked for. */
const PORT = 'port';

const VIOLATIONS: Readonly<Record<string, { variable: 'HOST' | typeof PORT; expected: string }>> = {
  EADDRINUSE: { variable: PORT, expected: 'a port on which nothing listens yet' },
  EACCES: { variable: PORT, expected: 'a port that this user may listen on (from 1024 up)' },
  EADDRNOTAVAIL: { variable: 'HOST', expected: 'an address of this machine' },
  ENOTFOUND: { variable: 'HOST', expected: 'a host name that has an address' },
};

/**
 * What a server that could not listen says about HOST and PORT: only trying shows it, and it is configuration all the
 * same. Undefined for any other error.
 * @param portVariable which names the port
 */
export function listenViolation(error: unknown, portVariable = 'PORT'): ConfigError | undefined {
  const {
    code = '',
    syscall,
    address,
    hostname,
    port,
  } = (error ?? {}) as NodeJS.ErrnoException & {
    readonly address?: string;
    readonly hostname?: string;
    readonly port?: number;
  };
  const violation = syscall === 'listen' || syscall === 'getaddrinfo' ? VIOLATIONS[code] : undefined;
  if (!violation) return undefined;
  const isOfPort = violation.variable === PORT;
  const got = isOfPort ? port : `"${address ?? hostname}"`;
  const variable = isOfPort ? portVariable : violation.variable;
  return new ConfigError([{ variable, message: `expected ${violation.expected}, got ${got}` }]);
}
