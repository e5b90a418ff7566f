"""Runbooks: actions that mend things, run through Ansible after somebody else has looked at exactly what will run.

Nouns: runbook (what may be run; from configuration), parameter, environment, run (one execution, on one card), approval, plan (what
the dry run says would change), lock (what a run works on), verification (whether it helped), rule (asks for a run with nobody asking),
approver (who is near enough to be asked: told, then paged), program (asks over HTTP, and approves nothing).
States of a run: preparing → waiting → approved → running → verifying → succeeded | failed | cancelled | lost, or refused, or expired.

Says upward: `RunEnded`.
"""
