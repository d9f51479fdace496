import type { ServiceName } from '@upload-once/runtime';

const SERVICES: readonly ServiceName[] = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'];

/** The service of terraform/services.tf, by its module's address; undefined for every other module. */
export function serviceOfModule(address: string): ServiceName | undefined {
  return SERVICES.find((service) => /(?:^|\.)module\.service\["([\w-]+)"\]$/.exec(address)?.[1] === service);
}
