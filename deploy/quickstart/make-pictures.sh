#!/usr/bin/env bash
# Makes some two hundred small pictures as a user's folder has them: several formats and sizes, EXIF-turned, CMYK, alpha, grey,
# 16-bit, animated, near-duplicates of each other, and some that are broken.
#   make-pictures.sh FOLDER
# Uses the vips command. A folder that was made whole is left alone.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: make-pictures.sh FOLDER" >&2; exit 2; }
command -v vips >/dev/null || { echo "make-pictures.sh: the command 'vips' is missing (package libvips-tools)" >&2; exit 1; }
[ -e "$1/.made" ] && exit 0
mkdir -p "$1"/{holiday,scans,web,clips,broken}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "making pictures in $1 ..." >&2
into=$(cd "$1" && pwd)
export work into

# One tall strip of colour; a scene is a window of it, so no two scenes share a pixel.
high=200
for band in 1 2 3; do
  vips perlin "$work/$band.v" 300 $((200 * high)) --uchar --seed $((band * 7)) --cell-size $((40 + band * 25)) &
done
wait
vips bandjoin "$work/1.v $work/2.v $work/3.v" "$work/rgb.v"
vips copy "$work/rgb.v" "$work/strip.v" --interpretation srgb

# scene NUMBER SCALE FILE: its window, enlarged.
scene() {
  vips crop "$work/strip.v" "$work/window$1.v" 0 $(($1 * 200)) 300 200
  vips resize "$work/window$1.v" "$3" "$2"
  rm "$work/window$1.v"
}
# An APP1 segment with the orientation alone, put behind the start of a JPEG.
turn() {
  scene "$1" 3 "$work/turn$1.jpg"
  { head -c 2 "$work/turn$1.jpg"
    printf '\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x'"0$2"'\x00\x00\x00\x00\x00\x00\x00'
    tail -c +3 "$work/turn$1.jpg"; } >"$into/holiday/turned_$2.jpg"
}
# The same scene smaller, and stronger compressed: what group_near is to find.
twin() {
  local name
  name=$(printf '%03d' "$1")
  vips thumbnail "$into/holiday/img_$name.jpg" "$into/holiday/img_${name}_small.jpg" 480
  vips copy "$into/holiday/img_$name.jpg" "$into/web/img_${name}_again.jpg[Q=35]"
}
special() {
  local n=$1
  scene "$n" 2 "$work/s$n.v"
  case $((n % 6)) in
  0) vips extract_band "$work/s$n.v" "$work/a$n.v" 0
     vips bandjoin "$work/s$n.v $work/a$n.v" "$into/web/alpha_$n.png" ;;
  1) vips colourspace "$work/s$n.v" "$into/scans/grey_$n.jpg" b-w ;;
  2) vips icc_export "$work/s$n.v" "$into/scans/press_$n.jpg" --output-profile cmyk ;;
  3) vips colourspace "$work/s$n.v" "$into/scans/deep_$n.png" rgb16 ;;
  4) vips colourspace "$work/s$n.v" "$into/scans/deep_$n.tif" rgb16 ;;
  5) scene "$n" 0.5 "$work/f$n.v" # three frames on top of each other
     vips flip "$work/f$n.v" "$work/g$n.v" horizontal
     vips join "$work/f$n.v" "$work/g$n.v" "$work/h$n.v" vertical
     vips join "$work/h$n.v" "$work/f$n.v" "$work/c$n.v" vertical
     vips gifsave "$work/c$n.v" "$into/clips/clip_$n.gif" --page-height 100 ;;
  esac
}
export -f scene turn twin special
each() { xargs -P "$(nproc)" -I{} bash -euo pipefail -c "$1"; }

seq 1 60 | each 'scene {} 4 "$into/holiday/img_$(printf %03d {}).jpg"'
seq 61 80 | each 'scene {} 2 "$into/web/page_{}.png"'
seq 81 105 | each 'scene {} 3 "$into/web/photo_{}.webp"'
seq 106 120 | each 'scene {} 4 "$into/scans/scan_{}.tif"'
seq 1 8 | each 'turn $((120 + {})) {}'
seq 132 155 | each 'special {}'
seq 1 18 | each 'twin $(({} * 3))'
for format in avif heic; do # where this libvips can write it
  scene 160 3 "$into/web/photo.$format" 2>/dev/null || rm -f "$into/web/photo.$format"
done

# Broken on purpose: cut in the middle, empty, no picture at all, and one whose header asks for 3.6 gigapixels.
for name in holiday/img_001.jpg web/page_61.png web/photo_81.webp scans/scan_106.tif clips/clip_137.gif; do
  head -c $(($(wc -c <"$into/$name") / 2)) "$into/$name" >"$into/broken/cut.${name##*.}"
done
: >"$into/broken/empty.jpg"
echo "this is no picture" >"$into/broken/letter.png"
head -c 300 "$into/web/page_62.png" | tail -c 292 >"$into/broken/headless.png"
printf '\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x02\x00\x00\x00\x0f\xb0\xe2\x15\x00\x00\x00\x0cIDAT\x78\x9c\x63\x60\xa0\x3d\x00\x00\x00\x64\x00\x01\x86\x64\x3c\x35' >"$into/broken/bomb.png"
touch "$into/.made"
