from jumun.outbox.handlers import job
from jumun.outbox.lanes import Lane
from jumun.storefront.unpaid_order_limit import forget_old


@job("storefront.forget_origins", lane=Lane.UPKEEP, every_s=3600)
def forget_origins() -> None:
    forget_old()
