#include "fixture.h"
#include "tests/unit/suite.h"

START_TEST(a_lease_becomes_a_result)
{
    struct fixture f;
    fixture_open(&f, NULL);
    join(&f);
    struct gc_msg lease = lease_items(5, 0, 4);
    say(&f, &lease);
    expect(&f, "GET program 1/2/0\n");
    program(&f);
    expect(&f, "start 0 #1 5 items 0+2\n"
               "start 1 #2 5 items 2+2\n");
    chunk(&f, 0, 1, 0, 1, 101);
    expect(&f, "RESULT 1:5 items 0+1\n");
    chunk(&f, 0, 1, 1, 1, 102);
    expect(&f, "RESULT 1:5 items 1+1\n");
    chunk(&f, 1, 2, 2, 2, 103);
    expect(&f, "RESULT 1:5 items 2+2\n");
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 101\n");
    ack(&f, 5, 2, 2, GC_VERDICT_COMMITTED);
    expect(&f, "free 103\n");
    ack(&f, 5, 2, 2, GC_VERDICT_COMMITTED);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 1);
    ack(&f, 5, 1, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 102\n");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    say(&f, &lease);
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

GC_SUITE("agent work", GC_TEST(a_lease_becomes_a_result))
