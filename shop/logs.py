import logging


def one_line(record: logging.LogRecord) -> bool:
    """Strangers ask for hosts that are not ours, all day long: that is a line in the log, and no fault of ours."""
    record.levelno, record.levelname = logging.WARNING, "WARNING"
    record.exc_info = record.exc_text = None
    return True
