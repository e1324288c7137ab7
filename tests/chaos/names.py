"""Names and addresses that people may type and that are hard to print. The checkout form takes every one of them."""

import unicodedata

# Twenty letters of each: Latin, Greek, Cyrillic, Armenian, Georgian, Hangul, Han, Thai, Ethiopic and Cherokee.
_BLOCKS = (0x00E0, 0x03B1, 0x0430, 0x0561, 0x10D0, 0xAC00, 0x4E00, 0x0E01, 0x1200, 0x13A0)

NAMES = {
    # Typst 0.15 panics on this set of N'Ko letters in one wrapped line.
    "N'Ko": ",46߀߁߂߃߅߉ߊߌߏߐߔߘߚߛߜߝߟߣߤߨߩ߲߫߬߭߯߰߱ߴ",
    "vowelled Urdu": "مُحَمَّد عَلِی جِنَاح",
    "emoji families": "👩‍👩‍👧‍👦 👨🏽‍🚀 🏳️‍🌈 가족",
    "marks in a heap": "Zoe" + "\u0300\u0301\u0323\u0330" * 12 + "\u200b\u200d\u2060\u00ad Nguyễn",
    "decomposed Hangul": unicodedata.normalize("NFD", "김하늘"),
    "many scripts": "".join(chr(first + step) for first in _BLOCKS for step in range(20)),
    "Devanagari": "कृष्णमूर्ति श्रीवास्तव",
    "Khmer": "សុខ សុវណ្ណារិទ្ធ",
    "rare Han": "𠮷田 髙橋 﨑 张伟",
    "Thai": "กิตติพงษ์ ศรีสุข",
}
ADDRESSES = {
    "ordinary": "세종대로 110",
    "vowelled Urdu": "مَکان نَمبَر ۱۲۳، گَلی نَمبَر ۴۵، مُحَلَّہ اِسلام پُورہ، نَزدِ جامِعَہ مَسجِد، لاہَور، پاکِستان",
    "both directions": "دبي 12A شارع Sheikh Zayed 88 برج 3-4 (الطابق ٢١)",
    "no spaces": "เลขที่" + "แขวงคลองเตยเขตคลองเตย" * 8,
    "one long word": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3,
}
