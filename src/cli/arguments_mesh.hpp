/// The arguments of what looks at the flows of all teams: a part of arguments.cpp.
#pragma once

#include "cli/arguments.hpp"

namespace CLI {
class App;
}

namespace cordyna::cli {

/// --network, --base, --tasks
void add_network_options(CLI::App* command, Arguments& found);
/// --downstream and what belongs to it, of `test`.
void add_downstream(CLI::App* test, Arguments& found);
/// impact, datasets. `app` and `found` outlive the parsing.
void add_mesh_commands(CLI::App& app, Arguments& found);

}  // namespace cordyna::cli
