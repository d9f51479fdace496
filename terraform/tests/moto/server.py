"""A stand-in of AWS on a free port of 127.0.0.1: moto's server, with what it lacks for the AWS provider of Terraform.

Prints its address in one line, and ends when its standard input does, so that it never outlives who started it.
"""

import json
import sys

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
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


server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(f"http://{host}:{port}", flush=True)
sys.stdin.read()
