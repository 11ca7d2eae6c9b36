/* tile.h - which items may be in a contact sheet, and their small pictures. Inside of worker/ops.
 *
 * A sheet shows the `limit` items, of those that were done, whose numbers have the smallest hashes: a sample that does not hang on the
 * order in which they end. While items run nobody knows how many there will be. So an item is a *candidate*, and gets a tile, where
 *     hash / 2^64 < (2 limit + 64) / (item + 1)
 * That is a function of its number alone. The smaller the share the further down the list: N items have about
 * 2 limit (1 + ln(N / 2 limit)) tiles.
 *
 * Of N items those that the sheet shows are candidates, but for chance: one is none only where fewer than `limit` of N hashes lie
 * below (2 limit + 64) / N, where 2 limit + 64 are expected; by Chernoff's bound that happens with a probability below
 * exp(-(limit + 64)^2 / (4 limit + 128)), which is at most e^-32. The same holds for the items that were done as long as half of
 * all were; where fewer were, a sheet may show fewer than `limit`.
 */
#ifndef GC_WORKER_OPS_TILE_H
#define GC_WORKER_OPS_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/slice.h"
#include "proto/message.h"

/* Settings that a sheet and its tiles have in common. */
#define GC_TILE_MIN_SIZE  16
#define GC_TILE_MAX_SIZE  256 /* its bytes fit into a value whatever it shows */
#define GC_TILE_SIZE      128
#define GC_TILE_MAX_LIMIT 10000
#define GC_TILE_LIMIT     400

/* Three numbers of 0 to 255: the setting `background`; white where there is none. False: it is no colour. */
bool gc_tile_background(const struct gc_step *step, double ret[3]);

uint64_t gc_tile_hash(uint64_t item);
bool gc_tile_candidate(uint64_t item, uint64_t limit);

/* The pixels of an encoded tile: RGB, a byte each, into `pixels`, which has room for size * size of them. False: it is none, or
 * larger. libvips' error buffer is empty afterwards. */
bool gc_tile_decode(struct gc_bytes tile, int size, uint8_t *pixels, int *ret_width, int *ret_height);

#endif
