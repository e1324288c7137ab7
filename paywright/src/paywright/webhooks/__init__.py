"""Events, and how they reach webhook endpoints."""
