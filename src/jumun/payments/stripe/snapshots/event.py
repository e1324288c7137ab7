from jumun.payments.stripe.snapshots.reader import Reader


def is_of_another_account(event: Reader) -> bool:
    """Whether the event tells of an account that is connected to ours (API reference, "The Event object", ``account``).

    Its money is not ours, whatever order its objects name: whoever owns that account writes what is in them. Raises
    `MalformedSnapshot`.
    """
    return event.text("account", default="") != ""
