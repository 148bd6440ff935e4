/// Which server a command goes to, if to one at all.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "client/contexts.hpp"

namespace cordyna::cli {

/// What may name a server, and where contexts are.
struct ServerWords {
  std::optional<std::string> option{};  ///< --server; empty: without a value
  bool state_option = false;            ///< --state was given
  bool state_variable = false;          ///< $DYNA_STATE is set
  std::string variable{};               ///< $DYNA_SERVER
  std::string token{};                  ///< $DYNA_TOKEN
  std::string ca{};                     ///< $DYNA_CA
  std::string config_home{};            ///< $XDG_CONFIG_HOME
  std::string home{};                   ///< $HOME
};

inline constexpr const char* kLocal = "local";  ///< stands for no server

/// The first of these that is there says it: --server, --state (a state folder), $DYNA_SERVER,
/// $DYNA_STATE (a state folder), the current context. Each names a context, is an address, or
/// "local". Nullopt: a state folder is meant. $DYNA_TOKEN goes to an address, or to what
/// $DYNA_SERVER names, and to nothing else. Errors: kInvalidArgument: --server with --state, an
/// address that is none; kNotFound: no such context, or --server without one that could be meant;
/// kDenied: no token; those of reading contexts.
[[nodiscard]] Result<std::optional<client::Context>> choose_server(const ServerWords& words);

/// A context by its name. Errors: kNotFound, with the nearest name.
[[nodiscard]] Result<client::Context> find_context(const client::ContextList& list,
                                                   const std::string& name);

}  // namespace cordyna::cli
