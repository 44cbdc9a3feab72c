#!/usr/bin/env python3
"""Makes tongban-serif.otf of Noto Serif CJK SC Regular (OFL 1.1).

Kept: 通用规范汉字表 (8,105), GB 2312, all of CJK Unified Ideographs U+4E00-9FFF, Latin, punctuation, numbered and boxed signs.
Left out: vertical forms, kerning and variants, hinting. A sign that is missing comes from a font that the hall adds.

    apt-get install fonts-noto-cjk unicode-data && pip install fonttools
    python3 subset.py /usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc tongban-serif.otf
"""
import bz2
import re
import sys

from fontTools import subset
from fontTools.ttLib import TTCollection

SIMPLIFIED = 2  # place of the Chinese font in the collection

chars = set(range(0x4E00, 0xA000))
with bz2.open("/usr/share/unicode/Unihan_OtherMappings.txt.bz2", "rt") as unihan:
    for line in unihan:
        if match := re.match(r"U\+([0-9A-F]+)\tkTGH\t", line):
            chars.add(int(match[1], 16))
for high in range(0xA1, 0xF8):
    for low in range(0xA1, 0xFF):
        try:
            chars.add(ord(bytes([high, low]).decode("gb2312")))
        except UnicodeDecodeError:
            pass
for first, last in [(0x20, 0x7F), (0xA0, 0x180), (0x2010, 0x203C), (0x2150, 0x2189), (0x2460, 0x2500), (0x25A0, 0x2612),
                    (0x2713, 0x2715), (0x3000, 0x3040), (0x3220, 0x3230), (0x3380, 0x33E0), (0xFF00, 0xFFF0)]:
    chars |= set(range(first, last))

font = TTCollection(sys.argv[1]).fonts[SIMPLIFIED]
options = subset.Options()
options.layout_features = []
options.hinting = False
options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
options.name_languages = [0x409]
options.notdef_outline = True
options.recalc_timestamp = False
options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
subsetter = subset.Subsetter(options)
subsetter.populate(unicodes=chars)
subsetter.subset(font)
font.save(sys.argv[2])
print(len(font.getGlyphOrder()), "glyphs")
