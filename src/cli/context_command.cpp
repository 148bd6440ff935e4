// dyna context: the servers that one is logged in to, and which one commands go to.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "client/contexts.hpp"

namespace cordyna::cli {
namespace {

using client::Context;
using client::ContextList;

/// Without its token: nothing prints that again.
std::string as_json(const Context& context, bool current) {
  std::string out = fmt::format("{{\"context\":{},\"url\":{},\"current\":{},\"logged_in\":{}",
                                json_string(context.name), json_string(context.url), current,
                                !context.token.empty());
  if (!context.actor.empty()) out += ",\"actor\":" + json_string(context.actor);
  if (!context.ca.empty()) out += ",\"ca\":" + json_string(context.ca);
  if (context.insecure_plaintext) out += ",\"insecure_plaintext\":true";
  return out + '}';
}

std::string as_table(const ContextList& list) {
  std::size_t name_width = 7;
  std::size_t url_width = 3;
  for (const Context& one : list.contexts) {
    name_width = std::max(name_width, one.name.size());
    url_width = std::max(url_width, display_width(one.url));
  }
  std::string out =
      fmt::format("  {:<{}}  {:<{}}  {}\n", "CONTEXT", name_width, "URL", url_width, "AS");
  for (const Context& one : list.contexts) {
    out += fmt::format("{} {:<{}}  {}  {}\n", one.name == list.current ? '*' : ' ', one.name,
                       name_width, pad(printable(one.url), url_width),
                       one.token.empty() ? "(logged out)" : printable(one.actor));
  }
  return out;
}

CommandResult list_contexts(CommandContext& context, const ContextList& list) {
  std::string out;
  if (context.arguments.names) {
    for (const Context& one : list.contexts) out += one.name + "\n";
  } else if (context.arguments.json) {
    for (const Context& one : list.contexts) {
      out += (out.empty() ? "[" : ",\n ") + as_json(one, one.name == list.current);
    }
    out += out.empty() ? "[]\n" : "]\n";
  } else {
    out = list.contexts.empty() ? "no contexts: dyna login URL\n" : as_table(list);
  }
  context.output.write(out);
  return ExitCode::kOk;
}

CommandResult use(CommandContext& context, const std::string& folder) {
  const std::string& name = context.arguments.at.name;
  Context chosen;
  TRY(client::change_contexts(folder, [&](ContextList& list) -> Result<> {
    if (name == kLocal) {
      list.current.clear();
      return {};
    }
    TRY_ASSIGN(chosen, find_context(list, name));
    list.current = chosen.name;
    return {};
  }));
  if (context.arguments.json) {
    context.output.write(name == kLocal ? std::string("{\"context\":null}\n")
                                        : as_json(chosen, true) + "\n");
  } else if (name == kLocal) {
    context.output.write("commands work on state folders of this machine\n");
  } else {
    context.output.write(
        fmt::format("commands go to {} ({}); --server local, --state DIR or 'dyna context use "
                    "local' says otherwise\n",
                    chosen.name, printable(chosen.url)));
  }
  return ExitCode::kOk;
}

CommandResult show(CommandContext& context, const ContextList& list) {
  Context shown;
  if (!context.arguments.at.name.empty()) {
    TRY_ASSIGN(shown, find_context(list, context.arguments.at.name));
  } else {
    TRY_ASSIGN(std::optional<Context> chosen, choose_server(context.words));
    if (!chosen.has_value()) {
      context.output.write(context.arguments.json
                               ? "{\"context\":null}\n"
                               : "commands work on state folders of this machine\n");
      return ExitCode::kOk;
    }
    shown = std::move(*chosen);
  }
  const bool current = !shown.name.empty() && shown.name == list.current;
  if (context.arguments.json) {
    context.output.write(as_json(shown, current) + "\n");
    return ExitCode::kOk;
  }
  const auto field = [](std::string_view name, const std::string& value) {
    return value.empty() ? std::string() : fmt::format("  {:<8} {}\n", name, printable(value));
  };
  context.output.write(
      fmt::format("context {}{}\n", shown.name.empty() ? "(none)" : shown.name,
                  current ? ", the current one" : "") +
      field("url", shown.url) + field("as", shown.token.empty() ? "(logged out)" : shown.actor) +
      field("ca", shown.ca) +
      field("plain", shown.insecure_plaintext ? "http to another machine was allowed" : ""));
  return ExitCode::kOk;
}

CommandResult remove(CommandContext& context, const std::string& folder) {
  const std::string& name = context.arguments.at.name;
  const auto forget = [&name](ContextList& list) -> Result<> {
    TRY(find_context(list, name));
    list.remove(name);
    return {};
  };
  TRY(client::change_contexts(folder, forget));
  context.output.write(context.arguments.json
                           ? fmt::format("{{\"removed\":{}}}\n", json_string(name))
                           : fmt::format("context '{}' is removed\n", name));
  return ExitCode::kOk;
}

}  // namespace

CommandResult context_command(CommandContext& context) {
  TRY_ASSIGN(const std::string folder,
             client::contexts_folder(context.words.config_home, context.words.home));
  const std::string& action = context.arguments.action;
  if (action == "use") return use(context, folder);
  if (action == "remove") return remove(context, folder);
  TRY_ASSIGN(const ContextList list, client::read_contexts(folder));
  if (action == "show") return show(context, list);
  return list_contexts(context, list);
}

}  // namespace cordyna::cli
