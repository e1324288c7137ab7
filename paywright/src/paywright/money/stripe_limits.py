"""Stripe's rules for amounts by currency. Codes are lower-case, amounts in Stripe's minor unit.

Source: https://docs.stripe.com/currencies ("Minor units in API amounts", "Special cases", "Minimum and maximum charge
amounts"). The store and its sandbox do not import each other, so each has this file; a test compares the two copies.
"""

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
"""The last digit of an amount that is charged or refunded must be 0."""

WHOLE_IN_HUNDREDTHS = frozenset(["isk", "ugx"])
"""No fractions, but written with two decimals. Amounts that are charged or refunded must end in 00; amounts that Stripe
calculates, such as fees, need not. UGX is also in Stripe's zero-decimal table; the special case is the safe reading."""

DIGITS_MAX = {"idr": 12, "cop": 10, "inr": 9}
DIGITS_MAX_ELSEWHERE = 8
"""What every payment method takes. Card networks take more, or less, by their own rules."""

PUBLISHED_MINIMUM = {
    **dict.fromkeys("usd eur jpy aud cad chf nzd sgd brl inr".split(), 50),
    "gbp": 30, "hkd": 400, "dkk": 250, "nok": 300, "sek": 300, "pln": 200, "ron": 200, "bgn": 100,
    "czk": 1500, "huf": 17500, "aed": 200, "mxn": 1000, "myr": 200, "thb": 1000,
}  # fmt: skip
"""The minimum charge where the account settles in the same currency."""

_DERIVED = """
afn 3900 all 5000 amd 22000 ang 99 aoa 51000 ars 55000 awg 99 azn 94 bam 99 bbd 110 bdt 6600 bhd 210 bif 1700
bmd 55 bnd 72 bob 380 bsd 55 bwp 750 byn 190 bzd 110 cdf 160000 clp 530 cny 400 cop 240000 crc 29000 cve 5700
djf 98 dop 3300 dzd 7400 egp 2800 etb 6900 fjd 130 fkp 44 gel 150 gip 44 gmd 3900 gnf 4800 gtq 430 gyd 12000
hnl 1400 htg 7300 idr 880000 ils 210 isk 7600 jmd 8700 jod 390 kes 7100 kgs 4800 khr 230000 kmf 260 krw 770
kwd 170 kyd 46 kzt 28000 lak 1200000 lbp 5000000 lkr 17000 lrd 11000 lsl 990 mad 550 mdl 990 mga 2600 mkd 3200
mmk 120000 mnt 190000 mop 440 mur 2600 mvr 850 mwk 96000 mzn 3600 nad 990 ngn 88000 nio 2100 npr 7400 omr 220
pab 55 pen 210 pgk 220 php 3200 pkr 16000 pyg 4200 qar 210 rsd 6000 rub 5400 rwf 760 sar 210 sbd 470 scr 770
shp 44 sle 1300 sos 32000 srd 2000 std 1300000 szl 990 tjs 590 tnd 1800 top 140 try 2000 ttd 380 twd 1800
tzs 150000 uah 2300 ugx 210000 uyu 2400 uzs 710000 vnd 14000 vuv 66 wst 160 xaf 340 xcd 150 xof 340 xpf 61
yer 14000 zar 990 zmw 1500
""".split()
DERIVED_MINIMUM = {code: int(amount) for code, amount in zip(_DERIVED[::2], _DERIVED[1::2], strict=True)}
"""Our own minimum for every other currency that Stripe takes. Few accounts settle in these, and a charge that is
converted must be worth the minimum of the account's currency. So each is 0.50 USD at a round exchange rate, plus a
tenth because rates move, rounded up to two digits. Stripe's list has lower rows for some of them (50 KRW), which hold
only for an account that settles in that currency."""

MINIMUM = PUBLISHED_MINIMUM | DERIVED_MINIMUM
"""The smallest charge that the store accepts, for every currency that Stripe takes."""
