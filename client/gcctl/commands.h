/* commands.h - the commands, one file each. */
#ifndef GC_GCCTL_COMMANDS_H
#define GC_GCCTL_COMMANDS_H

#include "client/gcctl/gcctl.h"

extern const struct gcctl_command command_run;
extern const struct gcctl_command command_submit;
extern const struct gcctl_command command_validate;
extern const struct gcctl_command command_plan;
extern const struct gcctl_command command_ls;
extern const struct gcctl_command command_show;
extern const struct gcctl_command command_watch;
extern const struct gcctl_command command_wait;
extern const struct gcctl_command command_results;
extern const struct gcctl_command command_failures;
extern const struct gcctl_command command_pause;
extern const struct gcctl_command command_resume;
extern const struct gcctl_command command_cancel;
extern const struct gcctl_command command_ops;
extern const struct gcctl_command command_workers;
extern const struct gcctl_command command_help;

#endif
