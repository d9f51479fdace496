"""A stand-in of AWS on a free port of 127.0.0.1: moto's server, with what it lacks for the AWS provider of Terraform.

Prints its address in one line, and ends when its standard input does, so that it never outlives who started it.
"""

import copy
import json
import sys

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.dynamodb.models import Table, dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer
from moto.sqs.models import Queue


def list_tags_for_resource(_self):
    """moto has no such call, and the provider repeats one with a 500 response without end."""
    return json.dumps({"Tags": {}})


ApplicationAutoScalingResponse.list_tags_for_resource = list_tags_for_resource


moto_set_attributes = Queue._set_attributes
moto_attributes = Queue.attributes.fget


def set_attributes(self, attributes, now=None):
    """moto forgets a queue's policy whenever anything else is set. In SQS attributes that are not named stay as they are."""
    policy = getattr(self, "policy", None)
    moto_set_attributes(self, attributes, now)
    if "Policy" not in attributes:
        self.policy = policy


def attributes_as_in_sqs(self):
    """moto never responds with RedriveAllowPolicy; in SQS it is there once it was set, and gone when set to nothing.

    RedrivePolicy comes back without spaces, as it was sent: the provider compares the text.
    """
    attributes = moto_attributes(self)
    if not attributes.get("RedriveAllowPolicy"):
        attributes.pop("RedriveAllowPolicy", None)
    if self.redrive_policy:
        attributes["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
    return attributes


Queue.redrive_allow_policy = None
Queue.BASE_ATTRIBUTES = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
Queue._set_attributes = set_attributes
Queue.attributes = property(attributes_as_in_sqs)


moto_update_table = DynamoHandler.update_table
moto_describe = Table.describe


def update_table(handler):
    """moto has no replicas. In DynamoDB each is a table of its region, with the same name and items, and knows all the others."""
    result = moto_update_table(handler)
    name = handler.body["TableName"]
    table = handler.dynamodb_backend.get_table(name)
    for update in handler.body.get("ReplicaUpdates", []):
        for action, replica in update.items():
            region = replica["RegionName"]
            tables = dynamodb_backends[table.account_id][region].tables
            if action == "Create":
                table.replica_regions = getattr(table, "replica_regions", {table.region_name})
                table.replica_regions.add(region)
                tables[name] = copy.copy(table)
                tables[name].region_name = region
                tables[name].table_arn = table.table_arn.replace(f":{table.region_name}:", f":{region}:")
                tables[name].continuous_backups = copy.deepcopy(table.continuous_backups)
                tables[name].tags = []
            if action == "Delete":
                table.replica_regions.discard(region)
                del tables[name]
    return result


def describe(table, base_key="TableDescription"):
    result = moto_describe(table, base_key)
    others = sorted(getattr(table, "replica_regions", set()) - {table.region_name})
    if others:
        result[base_key]["Replicas"] = [{"RegionName": region, "ReplicaStatus": "ACTIVE"} for region in others]
    return result


DynamoHandler.update_table = update_table
Table.describe = describe


moto_bucket_response = S3Response._bucket_response
metrics_of_buckets = {}


def bucket_response(self, request, full_url):
    """moto has no metrics of requests (PutBucketMetricsConfiguration), and takes the call for the creation of a bucket."""
    query = self._get_querystring(request, full_url)
    if "metrics" not in query:
        return moto_bucket_response(self, request, full_url)
    key = (self.parse_bucket_name_from_url(request, full_url), query["id"][0])
    if request.method == "PUT":
        metrics_of_buckets[key] = request.data
        return 200, {}, ""
    if request.method == "DELETE":
        metrics_of_buckets.pop(key, None)
        return 204, {}, ""
    if key in metrics_of_buckets:
        return 200, {"Content-Type": "application/xml"}, metrics_of_buckets[key]
    return 404, {}, "<Error><Code>NoSuchConfiguration</Code><Message>There is none.</Message></Error>"


S3Response._bucket_response = bucket_response


server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(f"http://{host}:{port}", flush=True)
sys.stdin.read()
