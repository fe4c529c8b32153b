"""`judge(plan, policies, facts) -> Verdict`. Never changes a plan."""
