"""What a command does, from request to result: the only room that joins planning, policies, execution and ledger."""
