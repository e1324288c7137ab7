from django.urls import path

from jumun.storefront.pages import cart, catalogue, checkout

urlpatterns = [
    path("", catalogue.catalogue, name="catalogue"),
    path("categories/<slug:slug>/", catalogue.category, name="category"),
    path("products/<slug:slug>/", catalogue.product, name="product"),
    path("cart/", cart.cart, name="cart"),
    path("cart/add/", cart.add, name="cart-add"),
    path("cart/change/", cart.change, name="cart-change"),
    path("cart/remove/", cart.remove, name="cart-remove"),
    path("checkout/", checkout.checkout, name="checkout"),
]
