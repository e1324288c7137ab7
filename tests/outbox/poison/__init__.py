"""An app whose jobs end their thread or process in every way there is. `tests.outbox.poison.settings` installs it."""
