"""Calls of the official Python SDK: `driver.py <base URL> <service id>`, the service's key in SERVICE_KEY.

Takes a line at a time, `create <user> ...` or `pending` or `answered`, makes a call for each user of the last create, and
says how many microseconds of CPU time the process used for them, on all its threads.
"""

import os
import sys
import time
import warnings

warnings.simplefilter("ignore")

from launchkey.factories import ServiceFactory  # noqa: E402

base_url, service_id = sys.argv[1:]
client = ServiceFactory(service_id, os.environ["SERVICE_KEY"], url=base_url).make_service_client()


def create(user):
    return client.authorization_request(user, context="Order 1234 over 99 euros", title="Shop").auth_request


def poll(request, answered):
    response = client.get_advanced_authorization_response(request)
    if (response is not None and response.authorized) != answered:
        sys.exit("The answer to a poll is not as it was to be")


requests = []
print("ready", flush=True)
for line in sys.stdin:
    operation, *users = line.split()
    before = time.process_time()
    if operation == "create":
        requests = [create(user) for user in users]
    else:
        for request in requests:
            poll(request, operation == "answered")
    print(round((time.process_time() - before) * 1e6), flush=True)
