#include "cli/server_choice.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/nearest.hpp"
#include "base/text.hpp"

namespace cordyna::cli {
namespace {

using client::Context;
using client::ContextList;

Result<ContextList> contexts_of(const ServerWords& words) {
  const auto folder = client::contexts_folder(words.config_home, words.home);
  if (!folder.has_value()) return ContextList();  // a machine without a home: variables name it
  return client::read_contexts(*folder);
}

/// A word is an address, or else the name of a context. `token`: what is taken where an address has
/// no context; before that of a context where `first`.
Result<Context> named(const ContextList& list, const std::string& word, const ServerWords& words,
                      bool token_first) {
  Context found;
  if (word.contains("://")) {
    // Whether plain text was allowed is known to the context of the address alone.
    TRY_ASSIGN(const std::string url, client::server_address(word, true));
    const Context* known = list.find_url(url);
    if (known != nullptr) {
      found = *known;
    } else {
      TRY_ASSIGN(found.url, client::server_address(word, false));
      token_first = true;
    }
  } else {
    TRY_ASSIGN(found, find_context(list, word));
  }
  if (token_first && !words.token.empty()) {
    found.token = words.token;
    found.actor.clear();
  }
  if (token_first && !words.ca.empty()) found.ca = words.ca;
  if (!found.token.empty()) return found;
  return fail(ErrorCode::kDenied,
              fmt::format("there is no token for {}: dyna login {}, or $DYNA_TOKEN with "
                          "$DYNA_SERVER",
                          printable(found.url), printable(found.url)));
}

/// --server alone: the server that would be meant if anything said so.
Result<Context> without_name(const ContextList& list, const ServerWords& words) {
  if (!words.variable.empty() && words.variable != kLocal) {
    return named(list, words.variable, words, true);
  }
  if (!list.current.empty()) return named(list, list.current, words, false);
  if (list.contexts.size() == 1) return named(list, list.contexts.front().name, words, false);
  return fail(ErrorCode::kNotFound,
              list.contexts.empty()
                  ? "--server: you are logged in to none; dyna login URL"
                  : "--server: you are logged in to several servers; name one (dyna context list), "
                    "or choose one with 'dyna context use NAME'");
}

}  // namespace

Result<Context> find_context(const ContextList& list, const std::string& name) {
  const Context* found = list.find(name);
  if (found != nullptr) return *found;
  std::vector<std::string_view> names;
  names.reserve(list.contexts.size());
  for (const Context& one : list.contexts) names.push_back(one.name);
  const std::string near = nearest(name, names);
  std::string hint = "'dyna context list' lists those that there are";
  if (names.empty()) hint = "there is none: dyna login URL";
  if (!near.empty()) hint = fmt::format("did you mean '{}'?", near);
  if (name.contains('.') || name.contains(':')) hint += "; an address begins with https://";
  return fail(ErrorCode::kNotFound, fmt::format("no context '{}'; {}", printable(name), hint));
}

Result<std::optional<Context>> choose_server(const ServerWords& words) {
  const auto of = [](Result<Context> found) -> Result<std::optional<Context>> {
    if (!found.has_value()) return std::unexpected<Error>(std::move(found.error()));
    return std::optional(std::move(*found));
  };
  if (words.option.has_value() && *words.option != kLocal) {
    if (words.state_option) {
      return fail(ErrorCode::kInvalidArgument,
                  "--server and --state: a command goes to a server or to a state folder");
    }
    TRY_ASSIGN(const ContextList list, contexts_of(words));
    if (words.option->empty()) return of(without_name(list, words));
    return of(named(list, *words.option, words, *words.option == words.variable));
  }
  if (words.option.has_value() || words.state_option) return std::optional<Context>();
  if (words.variable == kLocal) return std::optional<Context>();
  if (!words.variable.empty()) {
    TRY_ASSIGN(const ContextList list, contexts_of(words));
    return of(named(list, words.variable, words, true));
  }
  if (words.state_variable) return std::optional<Context>();
  const auto kept = contexts_of(words);
  if (!kept.has_value()) {
    // Whether one of them is meant cannot be known, and a guess could go to the wrong place.
    return fail(kept.error().code,
                kept.error().message + "; --server local works on a state folder all the same");
  }
  const ContextList& list = *kept;
  if (list.current.empty()) return std::optional<Context>();
  return of(named(list, list.current, words, false));
}

}  // namespace cordyna::cli
