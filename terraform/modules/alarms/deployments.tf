# The alarms that roll back a deployment, by service: a new version causes them, and an earlier version ends them.
#
# Not among them:
# - the age of queues and waiting-time: a deployment often is their cure, and a rollback would take it away;
# - upload-reports, endpoints-gone, attempts-failed and the dead letters of webhooks: clients and receivers cause them;
# - work-cut-off and messages-undeleted: the stop of the old tasks, or SQS, causes them;
# - request-time and rate-store-away: a new task is slow at first, and the store is none of the version's;
# - api-errors, where no load balancer keeps requests from a task that stops: each deployment causes some (modules/endpoint/README.md).
locals {
  rolling_back = { for service, keys in {
    url-issuer = concat(
      ["url-issuer-server-errors", "url-issuer-task-failures"],
      [for key in keys(local.alarms_of_the_entry) : key if key != "api-errors" || try(var.api.rolls_back, false)],
    )
    acceptor       = ["upload-events-dead-letter", "acceptor-task-failures"]
    processor      = ["accepted-events-dead-letter", "processor-task-failures"]
    webhook-sender = ["webhook-sender-task-failures"]
  } : service => keys if contains(keys(var.services), service) }
}
