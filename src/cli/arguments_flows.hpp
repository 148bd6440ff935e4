/// The commands about applied flows: apply, plan, flows and up. Part of arguments.cpp.
#pragma once

#include "cli/arguments.hpp"

namespace CLI {
class App;
}

namespace cordyna::cli {

/// Adds them to the program. Both must outlive the parsing.
void add_applied_flow_commands(CLI::App& app, Arguments& found);

/// --watch of a list.
void add_watch_option(CLI::App* command, Arguments& found);

}  // namespace cordyna::cli
