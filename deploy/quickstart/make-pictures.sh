#!/usr/bin/env bash
# Makes about a hundred small pictures: several formats and sizes, EXIF-turned, CMYK, with alpha, grey, and a few broken ones.
#   make-pictures.sh FOLDER
# Uses the vips command. What is there already is left alone.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: make-pictures.sh FOLDER" >&2; exit 2; }
command -v vips >/dev/null || { echo "make-pictures.sh: the command 'vips' is missing (package libvips-tools)" >&2; exit 1; }
[ -e "$1/.made" ] && exit 0
mkdir -p "$1"/{holiday,scans,web,broken}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "making pictures in $1 ..." >&2

# One field of colour, of which every picture is a part.
vips perlin "$work/r.v" 2400 1800 --uchar --seed 1 --cell-size 300
vips perlin "$work/g.v" 2400 1800 --uchar --seed 2 --cell-size 150
vips perlin "$work/b.v" 2400 1800 --uchar --seed 3 --cell-size 600
vips bandjoin "$work/r.v $work/g.v $work/b.v" "$work/rgb.v"
vips copy "$work/rgb.v" "$work/base.v" --interpretation srgb
part() { vips extract_area "$work/base.v" "$1" "$2" "$3" "$4" "$5"; }

for i in $(seq 1 40); do
  part "$1/holiday/img_$(printf %03d "$i").jpg" $((i * 29 % 900)) $((i * 17 % 600)) $((800 + i * 11)) $((600 + i * 7))
done
for i in 1 3 6 8; do # turned by EXIF: an APP1 segment with the orientation alone, put behind the start of the JPEG
  part "$work/t.jpg[strip]" $((i * 40)) 100 900 600
  { head -c 2 "$work/t.jpg"
    printf '\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x'"0$i"'\x00\x00\x00\x00\x00\x00\x00'
    tail -c +3 "$work/t.jpg"; } >"$1/holiday/turned_$i.jpg"
done
for i in $(seq 1 20); do part "$1/web/page_$i.png" $((i * 31 % 900)) $((i * 13 % 600)) $((200 + i * 20)) 300; done
for i in $(seq 1 20); do part "$1/web/photo_$i.webp" $((i * 41 % 900)) $((i * 19 % 600)) 640 $((320 + i * 8)); done
for i in $(seq 1 8); do part "$1/scans/scan_$i.tif" $((i * 51 % 900)) $((i * 23 % 600)) 1000 1200; done
for i in 1 2 3 4; do # with alpha, and grey
  part "$work/t.v" $((i * 60)) $((i * 60)) 400 400
  vips extract_band "$work/t.v" "$work/a.v" 0
  vips bandjoin "$work/t.v $work/a.v" "$1/web/alpha_$i.png"
  vips colourspace "$work/t.v" "$1/scans/grey_$i.jpg" b-w
done
part "$work/t.v" 10 10 700 500
vips icc_export "$work/t.v" "$1/scans/press.jpg" --output-profile cmyk 2>/dev/null || vips colourspace "$work/t.v" "$1/scans/press.tif" cmyk

# Broken on purpose: cut in the middle, empty, and not a picture at all.
head -c 9000 "$1/holiday/img_001.jpg" >"$1/broken/cut.jpg"
head -c 2000 "$1/web/page_1.png" >"$1/broken/cut.png"
: >"$1/broken/empty.jpg"
echo "this is no picture" >"$1/broken/letter.png"
touch "$1/.made"
