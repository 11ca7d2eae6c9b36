#include "tests/sim/sim.h"

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void sim_rng_init(struct sim_rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix(&seed);
}

static uint64_t rotl(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

uint64_t sim_rng_next(struct sim_rng *r)
{
    uint64_t result = rotl(r->s[1] * 5, 7) * 9, t = r->s[1] << 17;
    r->s[2] ^= r->s[0];
    r->s[3] ^= r->s[1];
    r->s[1] ^= r->s[2];
    r->s[0] ^= r->s[3];
    r->s[2] ^= t;
    r->s[3] = rotl(r->s[3], 45);
    return result;
}

uint64_t sim_rng_below(struct sim_rng *r, uint64_t n)
{
    return sim_rng_next(r) % n;
}

uint64_t sim_rng_between(struct sim_rng *r, uint64_t low, uint64_t high)
{
    return low + sim_rng_below(r, high - low + 1);
}

bool sim_rng_chance(struct sim_rng *r, uint32_t per_million)
{
    return sim_rng_below(r, 1000000) < per_million;
}

uint64_t sim_mix(uint64_t a, uint64_t b)
{
    uint64_t state = a ^ rotl(b, 32) * 0xD6E8FEB86659FD93u;
    return splitmix(&state);
}
