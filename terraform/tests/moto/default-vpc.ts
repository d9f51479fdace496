/** The VPC that moto has from the start, as an example takes one. Its subnets stand in different zones. */
export async function defaultVpc(endpoint: string): Promise<{
  readonly id: string;
  readonly private_subnet_ids: readonly string[];
  readonly public_subnet_ids: readonly string[];
}> {
  const response = await fetch(endpoint, {
    method: 'POST',
    // moto reads the region from it, and checks no signature.
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/ec2/aws4_request' },
    body: new URLSearchParams({ Action: 'DescribeSubnets', Version: '2016-11-15' }),
  });
  const xml = await response.text();
  const subnets = [...xml.matchAll(/<subnetId>(.*?)<\/subnetId>/g)].map(([, id = '']) => id);
  const [, id] = /<vpcId>(.*?)<\/vpcId>/.exec(xml) ?? [];
  if (id === undefined || subnets.length < 2) throw new Error(`moto has no VPC: ${xml}`);
  return { id, private_subnet_ids: subnets.slice(0, 2), public_subnet_ids: subnets.slice(0, 2) };
}
