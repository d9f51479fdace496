import { OutageKind } from '../src/outages/outage-kind.ts';
import { assertOutagesAreGotOver } from './support/outages.ts';

assertOutagesAreGotOver(OutageKind.throttled);
