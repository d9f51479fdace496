/** A list price of AWS in US dollars. */
export interface Price {
  readonly dollars: number;
  readonly unit: string;
  /** AWS's page that has it. */
  readonly page: string;
}

const S3 = 'Amazon S3 pricing';
const DYNAMODB = 'Amazon DynamoDB pricing, on-demand capacity';
const CLOUDWATCH = 'Amazon CloudWatch pricing';
const API_GATEWAY = 'Amazon API Gateway pricing';
const LAMBDA = 'AWS Lambda pricing';
const FARGATE = 'AWS Fargate pricing';
const LOAD_BALANCER = 'Elastic Load Balancing pricing';
const PRIVATE_LINK = 'AWS PrivateLink pricing';
const VPC = 'Amazon VPC pricing';
const WAF = 'AWS WAF pricing';
const KMS = 'AWS Key Management Service pricing';

/**
 * When the prices were compared: not with AWS's pages themselves, but with copies of its price list, made from July 2024 to July 2025, and
 * with articles of 2026. Read AWS's pages before you rely on a figure.
 */
export const PRICES_COMPARED = '2026-11-29';

/** Without free tiers, discounts and the lower prices of large amounts. A GB is 2³⁰ bytes, as AWS bills it. */
const usEast1 = {
  s3Writes: price(5, 'million PUT, COPY, POST or LIST requests', S3),
  s3Reads: price(0.4, 'million GET or HEAD requests', S3),
  s3Storage: price(0.023, 'GB-month', S3),
  dynamodbWrites: price(0.625, 'million write request units', DYNAMODB),
  dynamodbReads: price(0.125, 'million read request units', DYNAMODB),
  dynamodbStorage: price(0.25, 'GB-month', DYNAMODB),
  dynamodbBackup: price(0.2, 'GB-month of point-in-time recovery', DYNAMODB),
  sqsRequests: price(0.4, 'million requests', 'Amazon SQS pricing'),
  logsIngested: price(0.5, 'GB', CLOUDWATCH),
  logsStored: price(0.03, 'GB-month, compressed', CLOUDWATCH),
  alarmMetric: price(0.1, 'metric of an alarm and month', CLOUDWATCH),
  dashboard: price(3, 'dashboard and month', CLOUDWATCH),
  httpApi: price(1, 'million requests', API_GATEWAY),
  restApi: price(3.5, 'million requests', API_GATEWAY),
  lambdaRequests: price(0.2, 'million requests', LAMBDA),
  lambdaTime: price(0.0000166667, 'GB-second on x86', LAMBDA),
  fargateX86Cpu: price(0.04048, 'vCPU-hour on x86', FARGATE),
  fargateX86Memory: price(0.004445, 'GB-hour on x86', FARGATE),
  loadBalancer: price(0.0225, 'Application Load Balancer and hour', LOAD_BALANCER),
  loadBalancerCapacity: price(0.008, 'capacity unit and hour', LOAD_BALANCER),
  endpoint: price(0.01, 'interface endpoint, zone and hour', PRIVATE_LINK),
  endpointData: price(0.01, 'GB', PRIVATE_LINK),
  natGateway: price(0.045, 'NAT gateway and hour', VPC),
  natData: price(0.045, 'GB', VPC),
  kmsKey: price(1, 'key and month', KMS),
  // Compared with articles alone:
  metric: price(0.3, 'metric and month', CLOUDWATCH),
  fargateArmCpu: price(0.03238, 'vCPU-hour on ARM', FARGATE),
  fargateArmMemory: price(0.00356, 'GB-hour on ARM', FARGATE),
  xrayTraces: price(5, 'million traces recorded, without Transaction Search', 'AWS X-Ray pricing'),
  publicAddress: price(0.005, 'public IPv4 address and hour', VPC),
  // AWS changes what Spot costs, between 50 % and 70 % below Fargate's price: here the dearer end.
  fargateSpotX86Cpu: price(0.02024, 'vCPU-hour on x86, Spot', FARGATE),
  fargateSpotX86Memory: price(0.0022225, 'GB-hour on x86, Spot', FARGATE),
  fargateSpotArmCpu: price(0.01619, 'vCPU-hour on ARM, Spot', FARGATE),
  fargateSpotArmMemory: price(0.00178, 'GB-hour on ARM, Spot', FARGATE),
  hostedZone: price(0.5, 'hosted zone and month', 'Amazon Route 53 pricing'),
  discoveryCalls: price(1, 'million calls of DiscoverInstances', 'AWS Cloud Map pricing'),
  imageStorage: price(0.1, 'GB-month of images', 'Amazon ECR pricing'),
  schedules: price(1, 'million starts', 'Amazon EventBridge pricing'),
  webAcl: price(5, 'web ACL and month', WAF),
  webAclRule: price(1, 'rule of a web ACL and month', WAF),
  webAclRequests: price(0.6, 'million requests', WAF),
  trailEvents: price(0.1, '100,000 data events', 'AWS CloudTrail pricing'),
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof usEast1;

export type Prices = Readonly<Record<PriceName, Price>>;

/** By region. To add one, copy us-east-1 and read every figure again. */
export const PRICES: Readonly<Record<string, Prices>> = { 'us-east-1': usEast1 };

function price(dollars: number, unit: string, page: string): Price {
  return { dollars, unit, page };
}
