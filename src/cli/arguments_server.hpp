/// The arguments of what has to do with servers: a part of arguments.cpp.
#pragma once

#include "cli/arguments.hpp"

namespace CLI {
class App;
}

namespace cordyna::cli {

/// --server [URL|CONTEXT]
void add_server_option(CLI::App* command, Arguments& found);
/// login, logout, context, user, token. `app` and `found` outlive the parsing.
void add_server_commands(CLI::App& app, Arguments& found);

}  // namespace cordyna::cli
