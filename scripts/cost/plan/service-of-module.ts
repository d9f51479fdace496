import type { ServiceName } from '@upload-once/runtime';

const SERVICES: Readonly<Record<string, ServiceName>> = {
  url_issuer: 'url-issuer',
  acceptor: 'acceptor',
  processor: 'processor',
  webhook_sender: 'webhook-sender',
};

/** The service that a module of terraform/services.tf makes, by the module's address; undefined for every other module. */
export function serviceOfModule(address: string): ServiceName | undefined {
  const [, name = ''] = /(?:^|\.)module\.(\w+)(?:\[0\])?$/.exec(address) ?? [];
  return Object.hasOwn(SERVICES, name) ? SERVICES[name] : undefined;
}
