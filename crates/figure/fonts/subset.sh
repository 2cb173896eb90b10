#!/bin/sh
# Makes DejaVuSans-Labels.ttf of the DejaVuSans.ttf that comes with matplotlib; needs fonttools.
# Latin with its accents, Greek, Cyrillic, punctuation, super- and subscripts, currencies, letterlike symbols, fractions,
# arrows and mathematical operators.
set -eu
pyftsubset "$1" --unicodes=20-7e,a0-24f,2bb-2dd,300-36f,370-3ff,400-45f,1e00-1eff,1f00-1fff,2002-200a,2010-2027,2030-205e,2070-209c,20a0-20b9,2100-218a,2190-21ff,2200-22ff,2300-230b,2329,232a,25a0-25ff,2605,2606,2609-2647,27e8,27e9,2a00-2a7f,fb01,fb02 \
    --layout-features=kern --no-hinting --desubroutinize --name-IDs='0,1,2,3,4,5,6,13,14' --drop-tables+=FFTM,GDEF \
    --output-file="$(dirname "$0")/DejaVuSans-Labels.ttf"
