"""What a step type is: its inputs, outputs, tools and idempotency. No behaviour lives here."""
