from django.http import HttpRequest


def shop(_request: HttpRequest) -> dict[str, object]:
    return {}
