"""Drills on the fleet, and those of 2023: what breaks, the alert that tells of it, and the runbook that mends it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Drill:
    """`name` is the fault's, too. `run` is what to type after /inc run; the alert is about `service`."""

    name: str
    title: str
    says: str
    run: str
    alert: str
    service: str
    summary: str
    is_approved: bool = True
    """Whether somebody else must approve the runbook."""
    also: str = ""
    """Another name, by which it can be asked for with `/inc drill`."""

    @property
    def help(self) -> str:
        """What happens, and what to do."""
        then = "Somebody else approves it (switch who you are)." if self.is_approved else "Nobody needs to approve it."
        return f"{self.says}; an alert fires. Join the incident's channel and type: /inc run {self.run}. {then}"


ALL = (
    Drill(
        "bad_release", "A bad release is out", "Release v42 runs on real processes and answers errors",
        "rollback to=v41", "CheckoutErrors", "checkout", "Every payment fails since release v42", also="checkout_outage",
    ),
    Drill(
        "dead_region", "A region fails", "Whatever goes to region us gets an error",
        "reroute region=us", "RegionErrors", "checkout", "Two payments in five fail, all of them in region us",
    ),
    Drill(
        "bad_flag", "A flag does harm", "The flag new-checkout breaks release v44",
        "flag flag=new-checkout", "CheckoutErrors", "checkout", "Every payment fails with the flag new-checkout",
    ),
    Drill(
        "wrong_configuration", "A wrong configuration", "Configuration c8 waits for an origin that does not answer",
        "config-rollback to=c7", "CheckoutSlow", "checkout", "Every payment takes longer than people wait since configuration c8",
    ),
    Drill(
        "poisoned_cache", "A poisoned cache", "Every instance has cached a price that is none",
        "cache-flush namespace=prices", "CheckoutErrors", "checkout", "Every payment fails, and the store says that prices are right",
    ),
    Drill(
        "hung_instance", "A hung instance", "Process web1 runs and does nothing, and what it was asked fails",
        "rolling-restart host=web1", "InstanceDown", "checkout", "web1 does not answer HAProxy's checks",
    ),
    Drill(
        "dead_primary", "The store's primary dies", "Half db1 of the store is gone, and nobody takes orders",
        "failover primary=db1 standby=db2", "OrdersFail", "checkout", "No order is taken: the store's primary db1 is down",
    ),
    Drill(
        "leak", "Leaking instances", "Release v43 leaks memory, and web1 and web2 have run it for long",
        "rolling-restart", "CheckoutSlow", "checkout", "Two payments in five take longer than people wait, and memory grows with v43",
    ),
    Drill(
        "overloaded_backend", "More load than fits", "Large orders come in faster than five instances can take them",
        "scale to=8", "CheckoutOverloaded", "checkout", "Payments wait and fail, since 30 large orders a second come in",
    ),
    Drill(
        "bad_canary", "A bad canary", "One payment in ten goes to release v42 and fails",
        "canary-abort", "CanaryErrors", "checkout", "One payment in ten fails, all of them on canary1", is_approved=False,
    ),
)  # fmt: skip
OF_2023 = (
    Drill(
        "network_split_2023", "15 March: a network split", "Region us no longer reaches the store, and a third of all syncs fail",
        "reroute region=us", "SyncFailures", "file-sync", "30 % of syncs fail, all of them in region us",
    ),
    Drill(
        "memory_leak_2023", "22 June: a memory leak", "Every instance leaks memory and answers slower and slower",
        "rolling-restart", "SignInErrors", "auth", "The gateway gives up on sign-ins, and auth's memory grows since its last release",
    ),
    Drill(
        "power_failure_2023", "8 September: a power failure", "The data centre of region us is dark, with the store's primary in it",
        "failover primary=db1 standby=db2", "RegionDark", "storage", "Region us and the store's primary db1 do not answer",
    ),
    Drill(
        "cdn_configuration_2023", "14 November: a CDN configuration", "Configuration c8 sends downloads to an origin that does not answer",
        "config-rollback to=c7", "DownloadsSlow", "cdn", "Downloads take longer than people wait since configuration c8",
    ),
)  # fmt: skip
"""The four major incidents of 2023, each as it was, on a fleet of today."""
ALERTS = {drill.name: (drill.alert, drill.service, drill.summary) for drill in (*ALL, *OF_2023)}
