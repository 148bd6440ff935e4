/// The servers that somebody has logged in to: a file that only they can read, and which of them a
/// command means.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::client {

/// A server, and who one is there.
struct Context {
  std::string name;
  std::string url;                  ///< as server_address writes it
  std::string token;                ///< empty: logged out
  std::string actor;                ///< "user:ann", as the server said at login; for people
  std::string ca;                   ///< absolute path of a PEM file; empty: the CAs of the system
  bool insecure_plaintext = false;  ///< http to another machine was allowed
  bool token_is_ours = false;       ///< a login made the token, so that a logout revokes it

  bool operator==(const Context&) const = default;
};

struct ContextList {
  std::string current;  ///< empty: commands work on a state folder unless they are told otherwise
  std::vector<Context> contexts;  ///< in order of their names

  [[nodiscard]] const Context* find(std::string_view name) const;
  /// The one of that address; null: none.
  [[nodiscard]] const Context* find_url(std::string_view url) const;
  /// Adds it, or replaces the one of its name.
  void put(Context context);
  /// False: there is none. It is no longer the current one.
  bool remove(std::string_view name);
};

/// Where contexts are kept: `config_home`/cordyna, else `home`/.config/cordyna. Errors:
/// kUnavailable: both are empty, or what counts is no absolute path.
[[nodiscard]] Result<std::string> contexts_folder(const std::string& config_home,
                                                  const std::string& home);

/// Empty where there is no file. Errors: kUnavailable: others can read it, or it cannot be read;
/// kCorrupt: it is not what we write.
[[nodiscard]] Result<ContextList> read_contexts(const std::string& folder);

/// Reads, lets `change` change it, and writes it whole, while nobody else does. The folder is made
/// with mode 0700, the file has 0600. Errors: as read_contexts, kUnavailable, those of `change`.
[[nodiscard]] Result<> change_contexts(const std::string& folder,
                                       const std::function<Result<>(ContextList&)>& change);

/// Letters, digits, '.', '_' and '-', at most 64, a letter or digit in front; not "local", which
/// stands for no server.
[[nodiscard]] bool is_context_name(std::string_view name);
/// A name for a server that has none yet: its host, with its port where that is not the usual one.
[[nodiscard]] std::string name_for(const std::string& url);

/// "https://dyna.example:8443": without a path, and without the port where it is the usual one.
/// Errors: kInvalidArgument: no address of a server; http to another machine, unless
/// `insecure_plaintext`: a token would go over the network for everybody to read.
[[nodiscard]] Result<std::string> server_address(const std::string& text, bool insecure_plaintext);

}  // namespace cordyna::client
