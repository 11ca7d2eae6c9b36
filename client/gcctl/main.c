/* main.c - gcctl. Everything is in gcctl_main, which tests call too. */
#include "client/gcctl/gcctl.h"

int main(int argc, char **argv)
{
    return gcctl_main(argc, argv);
}
