# Defaults that depend on the profile. Each is a variable of its own: modules/ and variables.tf say what it means, and have the default of
# "standard". docs/cost.md says what each costs and gives up.

locals {
  profiles = {
    standard = {
      container_insights = true
      network            = {}
      endpoint           = {}
      acceptor           = {}
      processor          = {}
      webhooks           = {}
    }
    small = {
      container_insights = false
      network            = { egress = "public" }
      endpoint           = { entry = "service-discovery" }
      acceptor           = { spot = true }
      # A thread, and one in its place: 2 * 128 MiB, and 256 MiB for the service itself.
      processor = { spot = true, cpu = 256, memory = 512, handler_threads = 1, handler_heap_mib = 128 }
      webhooks  = { spot = true }
    }
  }
  profile = local.profiles[var.profile]

  # With traces, the collector's memory comes on top, because the handlers' threads can take all of it: the next size that Fargate has.
  with_traces = {
    for subject, values in { processor = { memory = var.profile == "small" ? 1024 : 2048 } } : subject => values if var.tracing != null
  }

  container_insights = var.container_insights == null ? local.profile.container_insights : var.container_insights

  # What is given, completed by the profile. A null stands for the default. Only the names of the profile are compared: the value of another
  # can be known after an apply alone, and then `try` would make everything unknown. In two parts, since the second is validated by what the first became.
  places = {
    for subject, given in { network = var.network, endpoint = var.endpoint } : subject => merge(given, {
      for name, value in local.profile[subject] : name => contains(keys(given), name) ? coalesce(given[name], value) : value
    })
  }
  consumers = {
    for subject, given in { acceptor = var.acceptor, processor = var.processor, webhooks = var.webhooks } : subject => merge(given, {
      for name, value in merge(local.profile[subject], try(local.with_traces[subject], {})) : name => contains(keys(given), name) ? coalesce(given[name], value) : value
    }) if given != null
  }
}
