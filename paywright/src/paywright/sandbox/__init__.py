"""What only a sandbox has: a clock that can be advanced, faults, stories, and acts of buyers and banks."""
