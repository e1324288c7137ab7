from jumun.backoffice.login_throttle import LoginThrottle

__all__ = ["LoginThrottle"]
